//! The file: whose it is, what stands in it, and when it is thrown away.

use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OptionalExtension as _};

use super::StoreError;

/// The most processes of one installation on one machine.
const MOST_PROCESSES: u32 = 256;

/// By which rules a fold is made: the sources of the rules and of the fold itself.
const RULES: &str = env!("VIEWS_RULES");

/// Safe against a killed process and, for what was synced, against a power cut: what is lost is applied again.
const PRAGMAS: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    PRAGMA wal_autocheckpoint = 4000;
    PRAGMA cache_size = -8000;
    PRAGMA temp_store = MEMORY;
    PRAGMA busy_timeout = 5000;
";

const TABLES: &str = "
    CREATE TABLE made_by (rules TEXT NOT NULL, policy TEXT NOT NULL);
    CREATE TABLE mark (applied INTEGER NOT NULL, digest BLOB);
    CREATE TABLE ranks (year INTEGER PRIMARY KEY, rank INTEGER NOT NULL);
    CREATE TABLE unreadable (id BLOB PRIMARY KEY) WITHOUT ROWID;
    CREATE TABLE cases (
        raised INTEGER PRIMARY KEY,
        id BLOB NOT NULL,
        rank INTEGER NOT NULL,
        sequence INTEGER NOT NULL,
        lifecycle TEXT NOT NULL,
        urgency INTEGER NOT NULL,
        code TEXT,
        wake INTEGER,
        unsettled INTEGER NOT NULL,
        audience TEXT NOT NULL,
        traits TEXT NOT NULL,
        waiting TEXT NOT NULL,
        words BLOB NOT NULL,
        checksum BLOB NOT NULL,
        fold BLOB NOT NULL
    );
    CREATE UNIQUE INDEX case_by_id ON cases (id);
    CREATE INDEX case_by_code ON cases (code) WHERE code IS NOT NULL;
    CREATE INDEX case_by_wake ON cases (wake) WHERE wake IS NOT NULL;
    CREATE INDEX case_unsettled ON cases (raised) WHERE unsettled = 1;
    CREATE TABLE seen (
        principal TEXT NOT NULL,
        raised INTEGER NOT NULL,
        lifecycle TEXT NOT NULL,
        urgency INTEGER NOT NULL,
        topic TEXT NOT NULL,
        area TEXT,
        exercise INTEGER NOT NULL,
        due INTEGER,
        PRIMARY KEY (principal, raised)
    ) WITHOUT ROWID;
    CREATE TABLE work (
        agency TEXT NOT NULL,
        due INTEGER NOT NULL,
        raised INTEGER NOT NULL,
        owed TEXT NOT NULL,
        instance INTEGER NOT NULL,
        PRIMARY KEY (agency, due, raised, owed, instance)
    ) WITHOUT ROWID;
    CREATE VIRTUAL TABLE texts USING fts5(words, content = '', contentless_delete = 1, detail = none,
        tokenize = 'ascii');
    CREATE TABLE known_words (word TEXT PRIMARY KEY) WITHOUT ROWID;
";

/// Finds a file that no other process uses, and holds it.
pub(super) fn take(directory: &Path) -> Result<(PathBuf, File), StoreError> {
    let failed = |path: &Path, reason: String| StoreError::Place { path: path.to_owned(), reason };
    fs::create_dir_all(directory).map_err(|error| failed(directory, error.to_string()))?;
    for number in 1..=MOST_PROCESSES {
        let path = directory.join(format!("fold-{number}.sqlite"));
        let lock = File::create(path.with_extension("lock"));
        let lock = lock.map_err(|error| failed(&path, error.to_string()))?;
        match lock.try_lock() {
            Ok(()) => return Ok((path, lock)),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(failed(&path, error.to_string())),
        }
    }
    Err(failed(directory, format!("{MOST_PROCESSES} processes use it already")))
}

/// The connections to one file.
pub(super) struct Connections {
    /// Who writes.
    pub(super) writer: Connection,
    /// Who reads single cases and what is due: nobody waits for him long.
    pub(super) reader: Connection,
    /// Who reads lists.
    pub(super) lister: Connection,
}

impl Connections {
    fn with(writer: Connection, path: &Path) -> Result<Self, StoreError> {
        Ok(Self { writer, reader: open(path)?, lister: open(path)? })
    }
}

/// Opens what is there if it can be gone on with, else begins anew.
pub(super) fn open_or_begin(path: &Path, policy: &str) -> Result<Connections, StoreError> {
    let was_there = path.exists();
    match open(path).and_then(|writer| Ok((why_not(&writer, policy)?, writer))) {
        Ok((None, writer)) => return Connections::with(writer, path),
        Ok((Some(reason), _)) => {
            if was_there {
                tracing::info!(reason, "the fold on disk is made anew");
            }
        }
        Err(error) => {
            tracing::error!(%error, alert = true, "the fold on disk cannot be read, and is made anew");
        }
    }
    remove(path);
    let writer = open(path)?;
    writer.execute_batch(TABLES)?;
    writer.execute("INSERT INTO made_by VALUES (?1, ?2)", [RULES, policy])?;
    writer.execute("INSERT INTO mark VALUES (0, NULL)", [])?;
    Connections::with(writer, path)
}

fn open(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open(path)?;
    connection.execute_batch(PRAGMAS)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

/// Why a fold cannot be gone on with.
fn why_not(connection: &Connection, policy: &str) -> Result<Option<&'static str>, StoreError> {
    let tables: u32 =
        connection
            .query_row("SELECT count(*) FROM sqlite_schema WHERE type = 'table'", [], |row| row.get(0))?;
    if tables == 0 {
        return Ok(Some("there is none yet"));
    }
    let made_by = connection
        .query_row("SELECT rules, policy FROM made_by", [], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
        })
        .optional()?;
    Ok(match made_by {
        Some((rules, _)) if rules != RULES => Some("it was made by other rules"),
        Some((_, under)) if under != policy => Some("it was made under another policy"),
        Some(_) => None,
        None => Some("it was not finished"),
    })
}

/// Empties all tables.
pub(super) fn clear(writer: &mut Connection) -> Result<(), StoreError> {
    let transaction = writer.transaction()?;
    transaction.execute_batch(
        "DELETE FROM cases; DELETE FROM seen; DELETE FROM work; DELETE FROM ranks; DELETE FROM unreadable;
         INSERT INTO texts (texts) VALUES ('delete-all'); DELETE FROM known_words;
         UPDATE mark SET applied = 0, digest = NULL;",
    )?;
    transaction.commit()?;
    Ok(())
}

/// Takes the file away, with what belongs to it.
pub(super) fn remove(path: &Path) {
    for end in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        // What is not there need not go.
        let _ = fs::remove_file(name);
    }
}
