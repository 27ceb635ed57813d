//! Who works with these tools: the user of the operating system, and the machine.

use std::fs;

use bus::access::Operator;

/// Who has started this process, on which machine. The operating system says it, not the environment, which anybody can
/// set; only of the superuser it is asked as whom he had come.
pub(crate) fn here() -> Operator {
    let id = rustix::process::getuid();
    let known = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let user = name_in(&known, id.as_raw()).unwrap_or_else(|| format!("user {}", id.as_raw()));
    let user = match std::env::var("SUDO_USER") {
        Ok(before) if id.is_root() => format!("{user} (sudo of {before})"),
        _ => user,
    };
    Operator { user, host: rustix::system::uname().nodename().to_string_lossy().into_owned() }
}

/// The name of a user in the list of users.
fn name_in(list: &str, id: u32) -> Option<String> {
    let of = |line: &str| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(id)).then(|| name.to_owned())
    };
    list.lines().find_map(of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_his_number() {
        let list =
            "root:x:0:0:root:/root:/bin/bash\n\nbroken\nvan-hanh:x:1001:1001::/home/van-hanh:/bin/sh\n";
        assert_eq!(name_in(list, 1001).as_deref(), Some("van-hanh"));
        assert_eq!(name_in(list, 0).as_deref(), Some("root"));
        assert_eq!(name_in(list, 7), None);
    }
}
