//! What the facts of the directory add to the files.

use events::directory::OfficeTaken;

use super::{Absence, Granted, Holding, Officer, Organisation};
use crate::directory::{Directory, Move};

impl Organisation {
    /// Takes in what was said to the directory since the files were written.
    pub(crate) fn follow(&mut self, directory: &Directory) {
        for said in &directory.officers {
            let officer = Officer { id: said.officer.clone(), name: said.name.clone() };
            self.officers.insert(said.officer.clone(), officer);
        }
        for each in &directory.moves {
            match each {
                Move::Taken(OfficeTaken { officer, office, from, until, acting, .. }) => {
                    self.holdings.push(Holding {
                        officer: officer.clone(),
                        office: office.clone(),
                        from: Some(*from),
                        until: *until,
                        acting: *acting,
                    });
                }
                Move::Left(said) => {
                    let held = |held: &&mut Holding| {
                        held.officer == said.officer
                            && held.office == said.office
                            && held.until.is_none_or(|until| said.at < until)
                    };
                    self.holdings.iter_mut().filter(held).for_each(|held| held.until = Some(said.at));
                }
            }
        }
        self.absences.extend(directory.absences.iter().map(|each| Absence {
            officer: each.officer.clone(),
            from: each.from,
            until: each.until,
        }));
        self.delegations.extend(
            directory
                .delegations
                .iter()
                .map(|each| Granted { delegation: each.delegation.clone(), until: each.until }),
        );
    }
}
