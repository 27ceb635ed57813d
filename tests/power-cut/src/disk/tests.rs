//! What is left after a cut.

use std::env;

use super::*;

/// A folder of its own for one test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = env::temp_dir().join(format!("power-cut-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Self(path)
    }

    fn disk(&self, policy: Names) -> Disk {
        Disk::open(&self.0, policy).expect("a disk")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn content(disk: &Disk, name: &str) -> Option<Vec<u8>> {
    let inode = disk.find(ROOT, name)?;
    Some(disk.read(inode, 0, 1 << 20).expect("it can be read"))
}

#[test]
fn what_is_synced_stays_and_what_is_not_goes() {
    let folder = Folder::new("synced");
    let mut disk = folder.disk(Names::Strict);
    let file = disk.make(ROOT, "log", 0o644, false).expect("a file");
    disk.write(file, 0, &[1; 5_000]).expect("written");
    disk.sync(file).expect("synced");
    disk.sync(ROOT).expect("synced");
    disk.write(file, 5_000, &[2; 5_000]).expect("written");
    disk.write(file, 10, &[3; 10]).expect("written");
    assert_eq!(content(&disk, "log").map(|content| content.len()), Some(10_000));
    let dropped = disk.cut(Unsynced::Dropped).expect("cut");
    assert_eq!((dropped.files, dropped.pages, dropped.names), (1, 3, 0));
    assert_eq!(content(&folder.disk(Names::Strict), "log"), Some(vec![1; 5_000]));
}

#[test]
fn a_new_name_needs_its_folder_synced_or_under_a_journal_anything() {
    for (policy, there) in [(Names::Strict, false), (Names::Journal, true)] {
        let folder = Folder::new(&format!("name-{there}"));
        let mut disk = folder.disk(policy);
        let file = disk.make(ROOT, "new", 0o644, false).expect("a file");
        disk.write(file, 0, b"word").expect("written");
        disk.sync(file).expect("synced");
        let unsynced = disk.make(ROOT, "later", 0o644, false).expect("a file");
        disk.write(unsynced, 0, b"word").expect("written");
        disk.cut(Unsynced::Dropped).expect("cut");
        let left = folder.disk(policy);
        assert_eq!(content(&left, "new"), there.then(|| b"word".to_vec()), "{policy:?}");
        assert_eq!(content(&left, "later"), None, "{policy:?}");
    }
}

#[test]
fn a_rename_over_a_file_is_the_old_one_until_it_is_synced() {
    let folder = Folder::new("rename");
    let mut disk = folder.disk(Names::Strict);
    for (name, word) in [("state", b"old"), ("state.new", b"new")] {
        let file = disk.make(ROOT, name, 0o644, false).expect("a file");
        disk.write(file, 0, word).expect("written");
        disk.sync(file).expect("synced");
    }
    disk.sync(ROOT).expect("synced");
    disk.rename(ROOT, "state.new", ROOT, "state").expect("renamed");
    assert_eq!(content(&disk, "state"), Some(b"new".to_vec()));
    assert_eq!(disk.cut(Unsynced::Dropped).expect("cut").names, 2);
    let mut disk = folder.disk(Names::Strict);
    assert_eq!(content(&disk, "state"), Some(b"old".to_vec()));
    disk.rename(ROOT, "state.new", ROOT, "state").expect("renamed");
    disk.sync(ROOT).expect("synced");
    disk.cut(Unsynced::Dropped).expect("cut");
    let disk = folder.disk(Names::Strict);
    assert_eq!((content(&disk, "state"), content(&disk, "state.new")), (Some(b"new".to_vec()), None));
}

#[test]
fn a_truncation_hides_what_was_behind_it() {
    let folder = Folder::new("truncated");
    let mut disk = folder.disk(Names::Journal);
    let file = disk.make(ROOT, "log", 0o644, false).expect("a file");
    disk.write(file, 0, &[1; 9_000]).expect("written");
    disk.sync(file).expect("synced");
    disk.resize(file, 100).expect("truncated");
    disk.write(file, 8_000, &[2; 10]).expect("written");
    let seen = content(&disk, "log").expect("a file");
    let expected = [vec![1; 100], vec![0; 7_900], vec![2; 10]].concat();
    assert_eq!(seen, expected);
    disk.sync(file).expect("synced");
    disk.cut(Unsynced::Dropped).expect("cut");
    assert_eq!(content(&folder.disk(Names::Journal), "log"), Some(expected));
}

#[test]
fn of_torn_writes_some_pages_come_through() {
    let folder = Folder::new("torn");
    let mut disk = folder.disk(Names::Journal);
    let file = disk.make(ROOT, "log", 0o644, false).expect("a file");
    disk.sync(file).expect("synced");
    disk.write(file, 0, &vec![1; 64 * PAGE]).expect("written");
    let dropped = disk.cut(Unsynced::Torn(7)).expect("cut");
    assert_eq!(dropped.pages + dropped.kept, 64);
    assert!(dropped.pages > 0 && dropped.kept > 0, "{dropped:?}");
    let left = content(&folder.disk(Names::Journal), "log").expect("a file");
    let kept = left.chunks(PAGE).filter(|page| page.iter().all(|byte| *byte == 1)).count();
    assert_eq!(kept, dropped.kept);
}
