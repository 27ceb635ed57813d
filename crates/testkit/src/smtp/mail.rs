//! A mail as a reader of other make understands it, so that no test decodes its own encoding.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A mail as Python's `email` reads it: RFC 2047 words and the transfer encoding of the text decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Names and decoded values, in the order of the message.
    pub headers: Vec<(String, String)>,
    /// The decoded text, lines ended by `\n`.
    pub text: String,
    /// What the parser found to be against the standards.
    pub defects: Vec<String>,
}

/// Reads the files named on the command line, writes what they contain as JSON.
const READER: &str = r#"
import email, email.policy, json, sys
mails = []
for line in sys.stdin:
    with open(json.loads(line), "rb") as file:
        mail = email.message_from_binary_file(file, policy=email.policy.default)
    headers = mail.items()
    text = mail.get_content().replace("\r\n", "\n")
    defects = [str(d) or type(d).__name__ for h in (mail, *(v for _, v in headers)) for d in h.defects]
    mails.append({"headers": [[n, str(v)] for n, v in headers], "text": text, "defects": defects})
json.dump(mails, sys.stdout)
"#;

impl Mail {
    /// Reads one message.
    ///
    /// # Panics
    ///
    /// If Python cannot.
    pub fn parse(message: &[u8]) -> Mail {
        let mut file = tempfile::NamedTempFile::new().expect("a file for the mail");
        file.write_all(message).expect("the mail is written");
        Mail::read(&[file.path().to_owned()]).remove(0)
    }

    /// Reads every file of a folder, in order of their names; none if the folder is not there.
    ///
    /// # Panics
    ///
    /// If Python cannot read one of them.
    pub fn read_folder(folder: &Path) -> Vec<Mail> {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let mut files: Vec<PathBuf> =
            entries.map(|entry| entry.path()).filter(|path| path.is_file()).collect();
        files.sort();
        Mail::read(&files)
    }

    /// The decoded value of the first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    fn read(files: &[PathBuf]) -> Vec<Mail> {
        if files.is_empty() {
            return vec![];
        }
        let mut child = Command::new("python3")
            .args(["-I", "-X", "utf8", "-c", READER])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 starts");
        let mut input = child.stdin.take().expect("a way in");
        for file in files {
            let path = serde_json::json!(file.to_str().expect("a path in UTF-8"));
            writeln!(input, "{path}").expect("python3 listens");
        }
        drop(input);
        let output = child.wait_with_output().expect("python3 ends");
        assert!(output.status.success(), "python3 cannot read the mails");
        let mails: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let texts = |list: &serde_json::Value| -> Vec<String> {
            let texts = list.as_array().into_iter().flatten();
            texts.map(|text| text.as_str().unwrap_or_default().to_owned()).collect()
        };
        let mail = |value: &serde_json::Value| Mail {
            headers: value["headers"].as_array().into_iter().flatten().map(texts).filter_map(pair).collect(),
            text: value["text"].as_str().unwrap_or_default().to_owned(),
            defects: texts(&value["defects"]),
        };
        mails.as_array().into_iter().flatten().map(mail).collect()
    }
}

fn pair(list: Vec<String>) -> Option<(String, String)> {
    <[String; 2]>::try_from(list).ok().map(Into::into)
}
