//! The names as the backing folder keeps them, in a file of its own.

use std::{fmt::Write as _, fs, io};

use super::{Disk, Node};

impl Disk {
    /// Writes down what is on the disk of the names: one line for each, and what its inode is.
    pub(super) fn write_tree(&self) -> io::Result<()> {
        // Writing to a String does not fail.
        let mut tree = String::new();
        for (inode, node) in &self.nodes {
            let kind = if node.names.is_some() { "folder" } else { "file" };
            let _ = writeln!(tree, "{kind}\t{inode}\t{:o}", node.mode);
            for (name, target) in &node.stored_names {
                let _ = writeln!(tree, "name\t{inode}\t{target}\t{name}");
            }
        }
        let new = self.folder.join("tree.new");
        fs::write(&new, tree)?;
        fs::rename(new, self.tree())
    }

    pub(super) fn read_tree(&mut self, tree: &str) -> io::Result<()> {
        let bad = |line: &str| io::Error::new(io::ErrorKind::InvalidData, format!("tree: {line}"));
        for line in tree.lines() {
            let parts: Vec<&str> = line.splitn(4, '\t').collect();
            let number = |at: usize| parts.get(at).and_then(|part| part.parse::<u64>().ok());
            let inode = number(1).ok_or_else(|| bad(line))?;
            self.next = self.next.max(inode + 1);
            match (parts[0], number(2), parts.get(3)) {
                ("name", Some(target), Some(name)) => {
                    let node = self.nodes.get_mut(&inode).ok_or_else(|| bad(line))?;
                    node.stored_names.insert((*name).to_owned(), target);
                    node.names.get_or_insert_default().insert((*name).to_owned(), target);
                }
                (kind @ ("file" | "folder"), Some(_), None) => {
                    let mode = u32::from_str_radix(parts[2], 8).map_err(|_| bad(line))?;
                    let mut node = if kind == "file" { Node::file(mode) } else { Node::folder(mode) };
                    if kind == "file" {
                        node.size = self.content(inode)?.metadata()?.len();
                        node.valid = node.size;
                        node.unsynced = false;
                    }
                    self.nodes.insert(inode, node);
                }
                _ => return Err(bad(line)),
            }
        }
        Ok(())
    }
}
