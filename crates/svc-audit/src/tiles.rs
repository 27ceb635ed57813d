//! The tree over a log, as C2SP tlog-tiles in a folder: `tile/<level>/<number>`, 256 hashes each. They may be lost:
//! they are made again from the log.
//!
//! The entry bundles of that standard are left out: the messages stand in the stream itself.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use proof::{Hash, HashReader, TreeError};
use tlog_tiles::{
    tile::Tile,
    tlog::{HASH_SIZE, stored_hash_index},
};

/// A tile is eight levels of the tree high.
const HEIGHT: u8 = 8;

/// How many hashes a full tile has.
const FULL: usize = 1 << HEIGHT;

/// The file that says how large the tree is, and its root.
const HEAD: &str = "head";

/// A tree that grows, its full tiles in a folder and its right edge in memory.
#[derive(Debug)]
pub struct Tiles {
    dir: PathBuf,
    size: u64,
    /// Of each level, the tile that is not full yet.
    edge: Vec<Vec<u8>>,
    /// How many hashes each tile of the edge had when it was last written: that file goes when the next one is there.
    written: Vec<u32>,
    /// The full tile that was read last.
    last: Mutex<Option<(Tile, Vec<u8>)>>,
}

impl Tiles {
    /// The tree as it was saved in a folder. One that is not whole is an error: [`Tiles::anew`] begins again.
    ///
    /// # Errors
    /// A file cannot be read, or the tiles do not fit together.
    pub fn open(dir: &Path) -> io::Result<Self> {
        let Some((size, root)) = read_head(dir)? else { return Self::anew(dir) };
        let mut tiles = Self { size, ..Self::empty(dir) };
        for level in 0..64 / HEIGHT {
            let hashes = size >> (HEIGHT * level);
            if hashes == 0 {
                break;
            }
            let (number, width) = (hashes >> HEIGHT, width_of(hashes));
            let edge = match width {
                0 => Vec::new(),
                width => tiles.read(&Tile::new(HEIGHT, level, number, width, false))?,
            };
            tiles.edge.push(edge);
            tiles.written.push(width);
        }
        tiles.check()?;
        // What stands above the edge is nowhere but here.
        let made = tiles.root(size).map_err(io::Error::other)?;
        if made.to_string() == root { Ok(tiles) } else { Err(damaged(&dir.join(HEAD))) }
    }

    /// An empty tree in a folder; what was there is gone.
    ///
    /// # Errors
    /// The folder cannot be cleared or made.
    pub fn anew(dir: &Path) -> io::Result<Self> {
        match fs::remove_dir_all(dir) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        fs::create_dir_all(dir)?;
        Ok(Self::empty(dir))
    }

    fn empty(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), size: 0, edge: Vec::new(), written: Vec::new(), last: Mutex::default() }
    }

    /// How many leaves there are.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root of the tree as it was at a size.
    ///
    /// # Errors
    /// It never was so large, or a tile cannot be read.
    pub fn root(&self, size: u64) -> Result<Hash, TreeError> {
        if size > self.size {
            return Err(TreeError::IndexesNotInTree);
        }
        proof::root(self, size)
    }

    /// The hash of a leaf.
    ///
    /// # Errors
    /// It is not there, or a tile cannot be read.
    pub fn leaf(&self, at: u64) -> Result<Hash, TreeError> {
        let hashes = self.read_hashes(&[stored_hash_index(0, at)])?;
        hashes.first().copied().ok_or(TreeError::IndexesNotInTree)
    }

    /// Adds a leaf.
    ///
    /// # Errors
    /// A tile cannot be written.
    pub fn push(&mut self, leaf: Hash) -> io::Result<()> {
        let mut hash = leaf;
        for level in 0.. {
            if self.edge.len() == usize::from(level) {
                self.edge.push(Vec::new());
                self.written.push(0);
            }
            let edge = &mut self.edge[usize::from(level)];
            edge.extend_from_slice(&hash.0);
            if edge.len() < FULL * HASH_SIZE {
                break;
            }
            hash = Tile::subtree_hash(edge);
            let full = std::mem::take(edge);
            let number = self.size >> (HEIGHT * (level + 1));
            write(&self.path(&Tile::new(HEIGHT, level, number, 1 << HEIGHT, false)), &full)?;
        }
        self.size += 1;
        Ok(())
    }

    /// Writes the right edge: so large is the tree when it is opened again, and so it is published.
    ///
    /// # Errors
    /// A tile cannot be written.
    pub fn save(&mut self) -> io::Result<()> {
        let saved = read_head(&self.dir)?.map_or(0, |(size, _)| size);
        for (level, edge) in (0..).zip(&self.edge) {
            let width = width_of(self.size >> (HEIGHT * level));
            if width > 0 {
                let number = (self.size >> (HEIGHT * level)) >> HEIGHT;
                write(&self.path(&Tile::new(HEIGHT, level, number, width, false)), edge)?;
            }
        }
        let root = self.root(self.size).map_err(io::Error::other)?;
        let draft = self.dir.join("head.new");
        fs::write(&draft, format!("{} {root}\n", self.size))?;
        fs::rename(&draft, self.dir.join(HEAD))?;
        // What was the edge before is part of a larger tile now.
        for level in 0..self.edge.len() {
            let (now, level) = (self.size, u8::try_from(level).unwrap_or(u8::MAX));
            let was =
                std::mem::replace(&mut self.written[usize::from(level)], width_of(now >> (HEIGHT * level)));
            let number = (saved >> (HEIGHT * level)) >> HEIGHT;
            if was > 0 && saved >> (HEIGHT * level) != now >> (HEIGHT * level) {
                let old = self.path(&Tile::new(HEIGHT, level, number, was, false));
                fs::remove_file(&old)?;
                // Gone with its last file; else it stays.
                let _ = old.parent().map(fs::remove_dir);
            }
        }
        Ok(())
    }

    /// Whether the tiles fit together: each full tile makes the hash that stands above it.
    ///
    /// # Errors
    /// One does not, or cannot be read.
    pub fn check(&self) -> io::Result<()> {
        for level in 0..u8::try_from(self.edge.len()).unwrap_or(u8::MAX) {
            for number in 0..(self.size >> (HEIGHT * level)) >> HEIGHT {
                self.check_tile(level, number)?;
            }
        }
        Ok(())
    }

    /// Whether the full tile in which a leaf stands makes the hash above it; the edge is in memory, and holds.
    ///
    /// # Errors
    /// It does not, or cannot be read.
    pub fn check_around(&self, leaf: u64) -> io::Result<()> {
        let number = leaf >> HEIGHT;
        if number < self.size >> HEIGHT { self.check_tile(0, number) } else { Ok(()) }
    }

    fn check_tile(&self, level: u8, number: u64) -> io::Result<()> {
        let tile = Tile::new(HEIGHT, level, number, 1 << HEIGHT, false);
        let made = Tile::subtree_hash(&self.read(&tile)?);
        let above =
            self.read_hashes(&[stored_hash_index(HEIGHT * (level + 1), number)]).map_err(io::Error::other)?;
        if above.first() == Some(&made) { Ok(()) } else { Err(damaged(&self.path(&tile))) }
    }

    /// A tile as it stands in its file.
    fn read(&self, tile: &Tile) -> io::Result<Vec<u8>> {
        let path = self.path(tile);
        let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        let hashes = fs::read(&path).map_err(named)?;
        let width = usize::try_from(tile.width()).unwrap_or(FULL);
        if hashes.len() == width * HASH_SIZE { Ok(hashes) } else { Err(damaged(&path)) }
    }

    fn path(&self, tile: &Tile) -> PathBuf {
        // The library names the height too; in tlog-tiles it is always 8, and left out.
        let path = tile.path();
        self.dir.join("tile").join(path.strip_prefix("tile/8/").unwrap_or(&path))
    }

    fn hash(&self, index: u64) -> Result<Hash, TreeError> {
        let wanted = Tile::from_index(HEIGHT, index);
        let (level, number) = (wanted.level(), wanted.level_index());
        if number == (self.size >> (HEIGHT * level)) >> HEIGHT {
            let edge = self.edge.get(usize::from(level)).ok_or(TreeError::IndexesNotInTree)?;
            let width = u32::try_from(edge.len() / HASH_SIZE).unwrap_or(0);
            if width < wanted.width() {
                return Err(TreeError::IndexesNotInTree);
            }
            return Tile::new(HEIGHT, level, number, width, false).hash_at_index(edge, index);
        }
        let full = Tile::new(HEIGHT, level, number, 1 << HEIGHT, false);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((tile, hashes)) = &*last
            && *tile == full
        {
            return tile.hash_at_index(hashes, index);
        }
        let hashes = self.read(&full).map_err(|error| TreeError::InvalidInput(error.to_string()))?;
        let hash = full.hash_at_index(&hashes, index);
        *last = Some((full, hashes));
        hash
    }
}

impl HashReader for Tiles {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, TreeError> {
        indexes.iter().map(|index| self.hash(*index)).collect()
    }
}

/// How many hashes of a level stand in its tile that is not full.
fn width_of(hashes: u64) -> u32 {
    u32::try_from(hashes % FULL as u64).unwrap_or(0)
}

/// The size and the root of the tree, as it was saved.
fn read_head(dir: &Path) -> io::Result<Option<(u64, String)>> {
    let path = dir.join(HEAD);
    match fs::read_to_string(&path) {
        Ok(text) => {
            let head = text
                .trim()
                .split_once(' ')
                .and_then(|(size, root)| Some((size.parse().ok()?, root.to_owned())));
            head.map(Some).ok_or_else(|| damaged(&path))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn write(path: &Path, hashes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    File::create(path)?.write_all(hashes)
}

fn damaged(path: &Path) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{} is damaged", path.display()))
}

#[cfg(test)]
mod tests {
    use proof::{Frontier, leaf};
    use proptest::prelude::*;

    use super::*;

    fn message(at: u64) -> Hash {
        leaf("case.00.a", &at.to_be_bytes())
    }

    fn files(dir: &Path) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
        }
        found
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn a_tree_is_the_same_however_often_it_is_saved_and_opened(
            steps in prop::collection::vec(1_u64..700, 1..5), lost in 0_u64..40,
        ) {
            let dir = tempfile::tempdir().unwrap();
            let mut frontier = Frontier::default();
            let mut tiles = Tiles::open(dir.path()).unwrap();
            for step in steps {
                for at in tiles.size()..tiles.size() + step {
                    tiles.push(message(at)).unwrap();
                    frontier.push(message(at));
                }
                tiles.save().unwrap();
                let saved = tiles.size();
                // What came after the last save is lost with the process, and comes again.
                for at in saved..saved + lost {
                    tiles.push(message(at)).unwrap();
                }
                tiles = Tiles::open(dir.path()).unwrap();
                prop_assert_eq!(tiles.size(), saved);
                prop_assert_eq!(tiles.root(saved).unwrap(), frontier.root());
            }
            // One file a tile, one partial tile a level, and the head.
            let size = tiles.size();
            let expected: u64 = (0..3).map(|level| (size >> (8 * level)).div_ceil(256)).sum();
            prop_assert_eq!(files(dir.path()).len() as u64 - u64::from(lost > 0 && size % 256 + lost >= 256), expected + 1);
        }
    }

    #[test]
    fn a_damaged_tile_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let mut tiles = Tiles::open(dir.path()).unwrap();
        (0..70_000).for_each(|at| tiles.push(message(at)).unwrap());
        tiles.save().unwrap();
        assert_eq!(tiles.leaf(69_999).unwrap(), message(69_999));
        assert!(tiles.leaf(70_000).is_err());
        // Named as the standard names them.
        assert!(dir.path().join("tile/0/x000/000").exists() || dir.path().join("tile/0/000").exists());
        let damaged = dir.path().join("tile/0/017");
        let mut bytes = fs::read(&damaged).unwrap();
        bytes[31 * 32 + 4] ^= 1;
        fs::write(&damaged, bytes).unwrap();
        assert!(tiles.check_around(16 * 256).is_ok());
        let error = tiles.check_around(17 * 256 + 3).unwrap_err().to_string();
        assert!(error.ends_with("tile/0/017 is damaged"), "{error}");
        assert!(Tiles::open(dir.path()).is_err());
        assert_eq!(Tiles::anew(dir.path()).unwrap().size(), 0);
    }
}
