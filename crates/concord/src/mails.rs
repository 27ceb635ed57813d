//! The mails of a folder, for the demonstration.

use std::{collections::BTreeSet, fs, path::PathBuf};

use mail_parser::MessageParser;

/// A mail as its reader sees it.
#[derive(Clone, Debug)]
pub(crate) struct Mail {
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) text: String,
}

/// A folder of which each mail is shown once.
#[derive(Debug)]
pub(crate) struct MailFolder {
    folder: PathBuf,
    shown: BTreeSet<PathBuf>,
}

impl MailFolder {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder, shown: BTreeSet::new() }
    }

    /// The mails that have come since the last look, in the order of their names: by time.
    pub(crate) fn fresh(&mut self) -> Vec<Mail> {
        let Ok(entries) = fs::read_dir(&self.folder) else { return Vec::new() };
        let mut files: Vec<_> = entries
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .filter(|path| path.extension().is_some_and(|extension| extension == "eml"))
            .filter(|path| !self.shown.contains(path))
            .collect();
        files.sort();
        let mut mails: Vec<_> = files.iter().filter_map(|file| read(&fs::read(file).ok()?)).collect();
        mails.sort_by(|one, other| (&one.subject, &one.to).cmp(&(&other.subject, &other.to)));
        self.shown.extend(files);
        mails
    }
}

fn read(bytes: &[u8]) -> Option<Mail> {
    let message = MessageParser::default().parse(bytes)?;
    let to = message.to()?.first()?.address()?.to_owned();
    let text = message.body_text(0).map(std::borrow::Cow::into_owned).unwrap_or_default();
    Some(Mail { to, subject: message.subject().unwrap_or_default().to_owned(), text })
}
