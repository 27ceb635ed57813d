//! The ZIP file, and the digest of everything that goes into it.

use std::{
    collections::BTreeMap,
    io::{self, Seek, Write},
};

use events::Digest;
use sha2::{Digest as _, Sha256};
use zip::{CompressionMethod, ZipWriter, result::ZipError, write::SimpleFileOptions};

use crate::format::FileEntry;

/// Writes files one after the other, and remembers their digests.
pub(super) struct Pack<W: Write + Seek> {
    zip: ZipWriter<W>,
    files: BTreeMap<String, FileEntry>,
}

/// A file that is being written.
pub(super) struct Member<'a, W: Write + Seek> {
    pack: &'a mut Pack<W>,
    name: String,
    hasher: Sha256,
    bytes: u64,
}

impl<W: Write + Seek> Pack<W> {
    pub(super) fn new(out: W) -> Self {
        Self { zip: ZipWriter::new(out), files: BTreeMap::new() }
    }

    /// Begins a file; [`Member::end`] ends it.
    pub(super) fn begin(&mut self, name: &str) -> Result<Member<'_, W>, ZipError> {
        // No times and no rights of the machine: the same content makes the same file. Level 1: what is exported is read
        // far more often than it is sent.
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(1))
            .large_file(true)
            .unix_permissions(0o644);
        self.zip.start_file(name, options)?;
        Ok(Member { pack: self, name: name.to_owned(), hasher: Sha256::new(), bytes: 0 })
    }

    /// A whole file.
    pub(super) fn file(&mut self, name: &str, content: &[u8]) -> Result<(), ZipError> {
        let mut member = self.begin(name)?;
        member.write_all(content)?;
        member.end();
        Ok(())
    }

    /// The files so far.
    pub(super) fn files(&self) -> &BTreeMap<String, FileEntry> {
        &self.files
    }

    pub(super) fn finish(self) -> Result<W, ZipError> {
        self.zip.finish()
    }
}

impl<W: Write + Seek> Member<'_, W> {
    /// The file is whole.
    pub(super) fn end(self) {
        let sha256 = Digest::from_bytes(self.hasher.finalize().into());
        self.pack.files.insert(self.name, FileEntry { bytes: self.bytes, sha256 });
    }
}

impl<W: Write + Seek> Write for Member<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.pack.zip.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.pack.zip.flush()
    }
}
