//! The disk as a file system of the kernel's.

use std::{
    ffi::OsStr,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use fuser::{
    BsdFileFlags, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation, INodeNo,
    LockOwner, OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData, ReplyDirectory, ReplyEmpty,
    ReplyEntry, ReplyOpen, ReplyStatfs, ReplyWrite, Request, TimeOrNow, WriteFlags,
};

use crate::disk::{Disk, Node};

/// How long the kernel may believe what it was told: nobody else changes it.
const TTL: Duration = Duration::from_mins(1);

/// A write to a file that was opened with this is synced at once.
const O_DSYNC: i32 = 0o10_000;

/// The disk, until the power goes.
pub struct Files(pub Arc<Mutex<Option<Disk>>>);

impl Files {
    /// The disk; after the cut nothing is answered any more.
    fn disk(&self) -> MutexGuard<'_, Option<Disk>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn on<T>(&self, act: impl FnOnce(&mut Disk) -> io::Result<T>) -> Result<T, Errno> {
        let mut disk = self.disk();
        let disk = disk.as_mut().ok_or(Errno::EIO)?;
        act(disk).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Errno::ENOENT,
            io::ErrorKind::AlreadyExists => Errno::EEXIST,
            io::ErrorKind::NotADirectory => Errno::ENOTDIR,
            io::ErrorKind::DirectoryNotEmpty => Errno::ENOTEMPTY,
            _ => Errno::EIO,
        })
    }

    fn make(&self, parent: INodeNo, name: &OsStr, mode: u32, is_folder: bool) -> Result<FileAttr, Errno> {
        let name = text(name)?;
        self.on(|disk| {
            let inode = disk.make(parent.0, name, mode & 0o7777, is_folder)?;
            attributes(disk, inode)
        })
    }
}

fn text(name: &OsStr) -> Result<&str, Errno> {
    name.to_str().filter(|name| !name.contains(['\n', '\t'])).ok_or(Errno::EINVAL)
}

fn attributes(disk: &Disk, inode: u64) -> io::Result<FileAttr> {
    let Node { mode, names, size, .. } = disk.node(inode).ok_or(io::ErrorKind::NotFound)?;
    let (kind, size) =
        if names.is_some() { (FileType::Directory, 4_096) } else { (FileType::RegularFile, *size) };
    let at: SystemTime = UNIX_EPOCH;
    Ok(FileAttr {
        ino: INodeNo(inode),
        size,
        blocks: size.div_ceil(512),
        atime: at,
        mtime: at,
        ctime: at,
        crtime: at,
        kind,
        perm: u16::try_from(*mode).unwrap_or(0o644),
        nlink: 1,
        uid: 0,
        gid: 0,
        rdev: 0,
        blksize: 4_096,
        flags: 0,
    })
}

fn done(outcome: Result<(), Errno>, reply: ReplyEmpty) {
    match outcome {
        Ok(()) => reply.ok(),
        Err(error) => reply.error(error),
    }
}

fn entry(outcome: Result<FileAttr, Errno>, reply: ReplyEntry) {
    match outcome {
        Ok(attributes) => reply.entry(&TTL, &attributes, Generation(0)),
        Err(error) => reply.error(error),
    }
}

fn answer(outcome: Result<FileAttr, Errno>, reply: ReplyAttr) {
    match outcome {
        Ok(attributes) => reply.attr(&TTL, &attributes),
        Err(error) => reply.error(error),
    }
}

impl Filesystem for Files {
    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let found = text(name).and_then(|name| {
            self.on(|disk| {
                let inode = disk.find(parent.0, name).ok_or(io::ErrorKind::NotFound)?;
                attributes(disk, inode)
            })
        });
        entry(found, reply);
    }

    fn getattr(&self, _: &Request, inode: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        answer(self.on(|disk| attributes(disk, inode.0)), reply);
    }

    fn setattr(
        &self,
        _: &Request,
        inode: INodeNo,
        mode: Option<u32>,
        _: Option<u32>,
        _: Option<u32>,
        size: Option<u64>,
        _: Option<TimeOrNow>,
        _: Option<TimeOrNow>,
        _: Option<SystemTime>,
        _: Option<FileHandle>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let set = self.on(|disk| {
            if let Some(size) = size {
                disk.resize(inode.0, size)?;
            }
            if let (Some(mode), Some(node)) = (mode, disk.node_mut(inode.0)) {
                node.mode = mode & 0o7777;
            }
            attributes(disk, inode.0)
        });
        answer(set, reply);
    }

    fn mknod(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        _: u32,
        _: u32,
        reply: ReplyEntry,
    ) {
        entry(self.make(parent, name, mode, false), reply);
    }

    fn mkdir(&self, _: &Request, parent: INodeNo, name: &OsStr, mode: u32, _: u32, reply: ReplyEntry) {
        entry(self.make(parent, name, mode, true), reply);
    }

    fn create(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        _: u32,
        _: i32,
        reply: ReplyCreate,
    ) {
        match self.make(parent, name, mode, false) {
            Ok(file) => reply.created(&TTL, &file, Generation(0), FileHandle(0), FopenFlags::empty()),
            Err(error) => reply.error(error),
        }
    }

    fn open(&self, _: &Request, _: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        reply.opened(FileHandle(0), FopenFlags::FOPEN_KEEP_CACHE);
    }

    fn unlink(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        done(text(name).and_then(|name| self.on(|disk| disk.remove(parent.0, name))), reply);
    }

    fn rmdir(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        done(text(name).and_then(|name| self.on(|disk| disk.remove(parent.0, name))), reply);
    }

    fn rename(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        new_parent: INodeNo,
        new_name: &OsStr,
        flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        if !flags.is_empty() {
            return reply.error(Errno::EINVAL);
        }
        let names = text(name).and_then(|name| Ok((name, text(new_name)?)));
        let renamed =
            names.and_then(|(name, new)| self.on(|disk| disk.rename(parent.0, name, new_parent.0, new)));
        done(renamed, reply);
    }

    fn read(
        &self,
        _: &Request,
        inode: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        match self.on(|disk| disk.read(inode.0, offset, size as usize)) {
            Ok(bytes) => reply.data(&bytes),
            Err(error) => reply.error(error),
        }
    }

    fn write(
        &self,
        _: &Request,
        inode: INodeNo,
        _: FileHandle,
        offset: u64,
        data: &[u8],
        _: WriteFlags,
        flags: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        let written = self.on(|disk| {
            disk.write(inode.0, offset, data)?;
            if flags.0 & O_DSYNC != 0 { disk.sync(inode.0) } else { Ok(()) }
        });
        match written {
            Ok(()) => reply.written(u32::try_from(data.len()).unwrap_or(u32::MAX)),
            Err(error) => reply.error(error),
        }
    }

    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        reply.ok();
    }

    fn fsync(&self, _: &Request, inode: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        done(self.on(|disk| disk.sync(inode.0)), reply);
    }

    fn fsyncdir(&self, _: &Request, inode: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        done(self.on(|disk| disk.sync(inode.0)), reply);
    }

    fn readdir(&self, _: &Request, inode: INodeNo, _: FileHandle, offset: u64, mut reply: ReplyDirectory) {
        let listed = self.on(|disk| {
            let names = disk.node(inode.0).and_then(|node| node.names.as_ref());
            let names = names.ok_or(io::ErrorKind::NotADirectory)?;
            let kind = |inode: u64| match disk.node(inode) {
                Some(Node { names: Some(_), .. }) => FileType::Directory,
                _ => FileType::RegularFile,
            };
            Ok(names.iter().map(|(name, inode)| (name.clone(), *inode, kind(*inode))).collect::<Vec<_>>())
        });
        let listed = match listed {
            Ok(listed) => listed,
            Err(error) => return reply.error(error),
        };
        let skip = usize::try_from(offset).unwrap_or(usize::MAX);
        for (place, (name, inode, kind)) in (1..).zip(&listed).skip(skip) {
            if reply.add(INodeNo(*inode), place, *kind, name) {
                break;
            }
        }
        reply.ok();
    }

    fn statfs(&self, _: &Request, _: INodeNo, reply: ReplyStatfs) {
        // Sixteen gibibytes, all of it free.
        let blocks = 4 << 20;
        reply.statfs(blocks, blocks, blocks, 1 << 20, 1 << 20, 4_096, 255, 4_096);
    }
}
