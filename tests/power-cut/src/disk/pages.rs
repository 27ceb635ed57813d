//! Pages and pieces of files.

use std::{fs::File, io, os::unix::fs::FileExt as _};

use super::PAGE;

/// Where a page that starts at `start` and a piece of `length` bytes at `offset` meet: from where in the page, and
/// where in the piece.
pub(super) fn overlap(start: u64, offset: u64, length: usize) -> (usize, std::ops::Range<usize>) {
    let from = offset.saturating_sub(start);
    let to = start.saturating_sub(offset);
    let (from, to) = (usize::try_from(from).unwrap_or(PAGE), usize::try_from(to).unwrap_or(length));
    (from, to..(to + PAGE - from).min(length))
}

/// Reads as much as there is; the rest stays as it is.
pub(super) fn read_all(file: &File, mut bytes: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let read = file.read_at(bytes, offset)?;
        if read == 0 {
            break;
        }
        offset += read as u64;
        bytes = &mut bytes[read..];
    }
    Ok(())
}

/// A coin, tossed by a seed.
pub(super) fn chance(luck: &mut u64) -> bool {
    *luck = luck.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*luck >> 33) & 1 == 1
}
