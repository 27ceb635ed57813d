//! The model: what processes see, and what would be left of it after a power cut.
//!
//! A file's content on the disk is a file of the backing folder, named by its inode. What was written since its last
//! sync is held in memory, page by page. Folders are kept twice: as they are seen, and as they are on the disk.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
};

mod pages;
mod tree;

use pages::{chance, overlap, read_all};

/// The inode of the root.
pub const ROOT: u64 = 1;

/// The size of a page.
pub const PAGE: usize = 4096;

/// When a new, renamed or removed name is on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// When its folder is synced: all that POSIX promises.
    Strict,
    /// When anything is synced after it: as a journal does that keeps the order of names, such as ext4's.
    Journal,
}

/// What becomes of pages that were written and not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsynced {
    /// All are gone.
    Dropped,
    /// The disk has some of them, chosen by a seed: it writes in an order of its own.
    Torn(u64),
}

/// A file or a folder.
#[derive(Debug)]
pub struct Node {
    /// Its permissions.
    pub mode: u32,
    /// Its names, if it is a folder, as processes see them.
    pub names: Option<BTreeMap<String, u64>>,
    /// Its size, as processes see it.
    pub size: u64,
    /// Its names on the disk.
    stored_names: BTreeMap<String, u64>,
    /// How many bytes of what is on the disk still count: less after a truncation.
    valid: u64,
    /// What was written and not synced.
    held: BTreeMap<u64, Box<[u8; PAGE]>>,
    /// Something about it is not synced.
    unsynced: bool,
}

/// What was done so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Writes.
    pub writes: u64,
    /// Syncs of files, those of a file that was opened for it included.
    pub syncs: u64,
    /// Syncs of folders.
    pub folder_syncs: u64,
    /// Names made, renamed or removed.
    pub names: u64,
}

/// What a cut has dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Files that lost something.
    pub files: usize,
    /// Pages that were held and are gone.
    pub pages: usize,
    /// Pages that were held and have come to the disk all the same.
    pub kept: usize,
    /// Names that are gone, or are there again.
    pub names: usize,
}

/// The disk.
#[derive(Debug)]
pub struct Disk {
    folder: PathBuf,
    policy: Names,
    nodes: BTreeMap<u64, Node>,
    next: u64,
    /// What was done so far.
    pub counts: Counts,
}

impl Disk {
    /// What the backing folder holds; an empty one is an empty disk.
    pub fn open(folder: &Path, policy: Names) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let mut disk = Self {
            folder: folder.to_owned(),
            policy,
            nodes: BTreeMap::from([(ROOT, Node::folder(0o755))]),
            next: ROOT + 1,
            counts: Counts::default(),
        };
        match fs::read_to_string(disk.tree()) {
            Ok(tree) => disk.read_tree(&tree)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        Ok(disk)
    }

    fn tree(&self) -> PathBuf {
        self.folder.join("tree")
    }

    fn content(&self, inode: u64) -> io::Result<File> {
        let path = self.folder.join(inode.to_string());
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
    }

    /// A file or folder.
    pub fn node(&self, inode: u64) -> Option<&Node> {
        self.nodes.get(&inode)
    }

    /// The same, to change its permissions.
    pub fn node_mut(&mut self, inode: u64) -> Option<&mut Node> {
        self.nodes.get_mut(&inode)
    }

    /// The inode behind a name.
    pub fn find(&self, folder: u64, name: &str) -> Option<u64> {
        self.nodes.get(&folder)?.names.as_ref()?.get(name).copied()
    }

    fn names(&mut self, folder: u64) -> io::Result<&mut BTreeMap<String, u64>> {
        self.counts.names += 1;
        let node = self.nodes.get_mut(&folder).ok_or(io::ErrorKind::NotFound)?;
        node.unsynced = true;
        node.names.as_mut().ok_or_else(|| io::ErrorKind::NotADirectory.into())
    }

    /// Makes a file or a folder.
    pub fn make(&mut self, folder: u64, name: &str, mode: u32, is_folder: bool) -> io::Result<u64> {
        if self.find(folder, name).is_some() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let inode = self.next;
        self.names(folder)?.insert(name.to_owned(), inode);
        self.next += 1;
        self.nodes.insert(inode, if is_folder { Node::folder(mode) } else { Node::file(mode) });
        Ok(inode)
    }

    /// Removes a name.
    pub fn remove(&mut self, folder: u64, name: &str) -> io::Result<()> {
        let inode = self.find(folder, name).ok_or(io::ErrorKind::NotFound)?;
        if self.nodes.get(&inode).and_then(|node| node.names.as_ref()).is_some_and(|names| !names.is_empty())
        {
            return Err(io::ErrorKind::DirectoryNotEmpty.into());
        }
        self.names(folder)?.remove(name);
        Ok(())
    }

    /// Renames, over what has that name.
    pub fn rename(&mut self, from: u64, name: &str, to: u64, new: &str) -> io::Result<()> {
        let inode = self.find(from, name).ok_or(io::ErrorKind::NotFound)?;
        self.names(from)?.remove(name);
        self.names(to)?.insert(new.to_owned(), inode);
        Ok(())
    }

    /// Reads what processes see.
    pub fn read(&self, inode: u64, offset: u64, most: usize) -> io::Result<Vec<u8>> {
        let node = self.nodes.get(&inode).ok_or(io::ErrorKind::NotFound)?;
        let most = usize::try_from(node.size.saturating_sub(offset)).unwrap_or(usize::MAX).min(most);
        let mut bytes = vec![0; most];
        let stored = usize::try_from(node.valid.saturating_sub(offset)).unwrap_or(usize::MAX).min(most);
        if stored > 0 {
            read_all(&self.content(inode)?, &mut bytes[..stored], offset)?;
        }
        for (number, page) in node.held.range(offset / PAGE as u64..) {
            let start = number * PAGE as u64;
            if start >= offset + most as u64 {
                break;
            }
            let (from, to) = overlap(start, offset, most);
            bytes[to.clone()].copy_from_slice(&page[from..from + to.len()]);
        }
        Ok(bytes)
    }

    /// Writes, and holds it.
    pub fn write(&mut self, inode: u64, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.counts.writes += 1;
        let (first, end) = (offset / PAGE as u64, offset + bytes.len() as u64);
        for number in first..end.div_ceil(PAGE as u64) {
            self.hold(inode, number)?;
        }
        let node = self.nodes.get_mut(&inode).ok_or(io::ErrorKind::NotFound)?;
        for (number, page) in node.held.range_mut(first..end.div_ceil(PAGE as u64)) {
            let (from, to) = overlap(number * PAGE as u64, offset, bytes.len());
            page[from..from + to.len()].copy_from_slice(&bytes[to]);
        }
        node.size = node.size.max(end);
        node.unsynced = true;
        Ok(())
    }

    /// A page is held from now on, with what is on the disk of it.
    fn hold(&mut self, inode: u64, number: u64) -> io::Result<()> {
        let node = self.nodes.get(&inode).ok_or(io::ErrorKind::NotFound)?;
        if node.held.contains_key(&number) {
            return Ok(());
        }
        let mut page = Box::new([0; PAGE]);
        let start = number * PAGE as u64;
        let stored = usize::try_from(node.valid.saturating_sub(start)).unwrap_or(PAGE).min(PAGE);
        if stored > 0 {
            read_all(&self.content(inode)?, &mut page[..stored], start)?;
        }
        if let Some(node) = self.nodes.get_mut(&inode) {
            node.held.insert(number, page);
        }
        Ok(())
    }

    /// Cuts or extends a file; that is held too.
    pub fn resize(&mut self, inode: u64, size: u64) -> io::Result<()> {
        let within = usize::try_from(size % PAGE as u64).unwrap_or_default();
        let last = size / PAGE as u64;
        let node = self.nodes.get_mut(&inode).ok_or(io::ErrorKind::NotFound)?;
        node.valid = node.valid.min(size);
        node.held.retain(|number, _| number * (PAGE as u64) < size);
        if let Some(page) = node.held.get_mut(&last) {
            page[within..].fill(0);
        }
        node.size = size;
        node.unsynced = true;
        Ok(())
    }

    /// Brings a file, or the names of a folder, to the disk.
    pub fn sync(&mut self, inode: u64) -> io::Result<()> {
        let is_folder = self.nodes.get(&inode).ok_or(io::ErrorKind::NotFound)?.names.is_some();
        if is_folder {
            self.counts.folder_syncs += 1;
        } else {
            self.counts.syncs += 1;
        }
        match self.policy {
            Names::Strict if is_folder => self.store_names(inode),
            Names::Strict => {}
            Names::Journal => {
                let changed =
                    |(inode, node): (&u64, &Node)| (node.unsynced && node.names.is_some()).then_some(*inode);
                for folder in self.nodes.iter().filter_map(changed).collect::<Vec<_>>() {
                    self.store_names(folder);
                }
            }
        }
        if is_folder { Ok(()) } else { self.store(inode, |_| true).map(drop) }
    }

    fn store_names(&mut self, folder: u64) {
        if let Some(node) = self.nodes.get_mut(&folder)
            && let Some(names) = &node.names
        {
            node.stored_names.clone_from(names);
            node.unsynced = false;
        }
    }

    /// Brings the pages of a file that are chosen to the disk; gives how many were not.
    fn store(&mut self, inode: u64, mut chosen: impl FnMut(u64) -> bool) -> io::Result<usize> {
        let content = self.content(inode)?;
        let node = self.nodes.get_mut(&inode).ok_or(io::ErrorKind::NotFound)?;
        if !node.unsynced {
            return Ok(0);
        }
        let (mut end, mut left, mut all) = (node.valid, 0, true);
        content.set_len(node.valid)?;
        for (number, page) in std::mem::take(&mut node.held) {
            if chosen(number) {
                content.write_all_at(&page[..], number * PAGE as u64)?;
                end = end.max((number + 1) * PAGE as u64);
            } else {
                left += 1;
                all = false;
            }
        }
        // What was not brought there whole has lost its end.
        node.size = if all { node.size } else { node.size.min(end) };
        content.set_len(node.size)?;
        node.valid = node.size;
        node.unsynced = false;
        Ok(left)
    }

    /// The power goes: what was not synced is dropped, and the backing folder is what a new start finds.
    pub fn cut(mut self, unsynced: Unsynced) -> io::Result<Dropped> {
        let mut dropped = Dropped::default();
        let mut luck = match unsynced {
            Unsynced::Dropped => None,
            Unsynced::Torn(seed) => Some(seed),
        };
        let inodes: Vec<u64> = self.nodes.keys().copied().collect();
        for inode in &inodes {
            let node = &self.nodes[inode];
            if let Some(names) = &node.names {
                let differs = |name: &&String| names.get(*name) != node.stored_names.get(*name);
                let all: BTreeSet<&String> = names.keys().chain(node.stored_names.keys()).collect();
                dropped.names += all.iter().filter(|name| differs(name)).count();
            } else if node.unsynced {
                let held = node.held.len();
                let left = match &mut luck {
                    // Not even its new length: the disk has what it had.
                    None => held,
                    Some(luck) => self.store(*inode, |_| chance(luck))?,
                };
                dropped.pages += left;
                dropped.kept += held - left;
                dropped.files += 1;
            }
        }
        self.write_tree()?;
        Ok(dropped)
    }

    /// An orderly end: everything comes to the disk.
    pub fn close(mut self) -> io::Result<()> {
        let inodes: Vec<u64> = self.nodes.keys().copied().collect();
        for inode in inodes {
            self.sync(inode)?;
            self.store_names(inode);
        }
        self.write_tree()
    }
}

impl Node {
    fn folder(mode: u32) -> Self {
        Self { names: Some(BTreeMap::new()), ..Self::file(mode) }
    }

    fn file(mode: u32) -> Self {
        Self {
            mode,
            names: None,
            size: 0,
            stored_names: BTreeMap::new(),
            valid: 0,
            held: BTreeMap::new(),
            unsynced: true,
        }
    }
}

#[cfg(test)]
mod tests;
