//! Where things are: the root of the workspace and the folder of fetched tools.

use std::path::{Path, PathBuf};

use crate::failure::{Failure, Outcome};

/// The checkout that this run is about.
pub struct Place {
    root: PathBuf,
}

impl Place {
    /// Asks the running cargo first, so that one built xtask serves several checkouts.
    pub fn find() -> Outcome<Self> {
        let own = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let here = std::env::current_dir().ok();
        own.iter()
            .chain(here.iter())
            .flat_map(|start| start.ancestors())
            .find(|folder| folder.join("crates/xtask/Cargo.toml").is_file())
            .map(|root| Self { root: root.to_owned() })
            .ok_or_else(|| {
                Failure::new("run it inside a checkout of the project, as `cargo xtask <command>`")
            })
    }

    /// A checkout whose place is known.
    pub fn at(root: PathBuf) -> Self {
        Self { root }
    }

    /// The folder that holds the workspace's `Cargo.toml`.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of xtask's own files: pinned versions and hashes.
    pub fn pins(&self) -> PathBuf {
        self.root.join("crates/xtask")
    }

    /// The folder into which tools are fetched; git ignores it.
    pub fn tools(&self) -> PathBuf {
        self.root.join(".tools")
    }
}
