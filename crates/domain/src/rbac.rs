//! The matrix of rights as one table (DOMAIN §2): what an office may do at most. The rules of an act narrow it further.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::{
    catalogue,
    organisation::Role,
    policy::{Completeness, Fault},
};

/// Who may do what at most.
#[derive(Clone, Debug, Default)]
pub struct Rbac {
    acts: BTreeMap<String, Rights>,
    groups: Vec<Group>,
}

/// A row of the table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// What it is called.
    pub name: String,
    /// The acts of the row.
    pub acts: Vec<String>,
    /// The roles that may do them.
    pub roles: BTreeSet<Role>,
    /// The roles that may do them by a live delegation.
    #[serde(default)]
    pub delegated: BTreeSet<Role>,
    /// Members of the task force may, whatever their role; but neither auditor nor administrator.
    #[serde(default)]
    pub members: bool,
}

#[derive(Clone, Debug)]
struct Rights {
    roles: BTreeSet<Role>,
    delegated: BTreeSet<Role>,
    members: bool,
}

/// The file `rbac.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RbacFile {
    group: Vec<Group>,
}

impl Rbac {
    /// Reads the file: every act, of those that there were, stands in one row, and no row has another; what is wrong says what to write.
    pub(crate) fn read(file: RbacFile, completeness: Completeness) -> (Self, Vec<Fault>) {
        let known: BTreeSet<_> = catalogue::acts().map(|act| act.name).collect();
        let mut acts = BTreeMap::new();
        let mut faults = Vec::new();
        for group in &file.group {
            let Group { roles, delegated, members, .. } = group.clone();
            for act in &group.acts {
                let at = format!("\"{act}\"");
                if !known.contains(act.as_str()) {
                    faults.push(Fault::new(&at, format!("group {:?}: there is no act {act}", group.name)));
                }
                let rights = Rights { roles: roles.clone(), delegated: delegated.clone(), members };
                if acts.insert(act.clone(), rights).is_some() {
                    faults.push(Fault::new(&at, format!("act {act} stands in two groups: remove one")));
                }
            }
        }
        let of_today = completeness == Completeness::OfToday;
        for missing in known.iter().filter(|act| of_today && !acts.contains_key(**act)) {
            faults.push(Fault::new("", format!("act {missing} stands in no group: add it to one")));
        }
        (Self { acts, groups: file.group }, faults)
    }

    /// The rows.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// Whether an office of this role may do an act at most.
    pub fn allows(&self, act: &str, role: Role) -> bool {
        let member = |rights: &Rights| rights.members && !matches!(role, Role::Au | Role::Ad);
        self.acts.get(act).is_some_and(|rights| rights.roles.contains(&role) || member(rights))
    }

    /// Whether somebody of this role may do an act by a live delegation.
    pub fn allows_by_delegation(&self, act: &str, role: Role) -> bool {
        self.acts.get(act).is_some_and(|rights| rights.delegated.contains(&role))
    }
}

#[cfg(test)]
mod tests;
