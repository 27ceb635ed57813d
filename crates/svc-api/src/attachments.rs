//! Files that belong to documents: taken in before the document that names them, handed out to who may read it.
//!
//! A file is spooled beside the data while it is hashed and measured, and goes to the store only when all of it is there
//! and of a kind on the list. On the way out it is spooled too, because a damaged file shows only at its end.

mod kind;
mod name;
mod refused;

use std::{
    io::{self, SeekFrom},
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use axum::{
    Extension,
    body::{Body, BodyDataStream},
    extract::{
        Path as UrlPath, Query, Request, State,
        rejection::{PathRejection, QueryRejection},
    },
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bus::{
    Bus, log,
    objects::{self, ObjectError, Put},
    streams::{self, ATTACHMENTS},
};
use domain::{Refusal, secrecy};
use events::{Digest, Stage, terms::Attachment};
use futures::StreamExt as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use service::{
    Chassis,
    problem::{Language, Problem},
};
use sha2::{Digest as _, Sha256};
use tokio::{
    fs::File,
    io::{AsyncSeekExt as _, AsyncWriteExt as _, BufWriter},
    sync::{Mutex, Semaphore},
    time::{Instant, timeout},
};
use tokio_util::io::ReaderStream;

use refused::{cut_short, not_read, not_stored, refused_kind, stalled, too_large};

use crate::{
    Api,
    auth::Caller,
    cases::{self, Told, malformed},
    duties,
};

/// How many files may be spooled at a time; more would fill the disk before one is refused.
const AT_A_TIME: usize = 16;

/// What an upload must bring within the time in which it may stall: four kilobytes a second by default.
const HEADWAY: u64 = 128 << 10;

/// From which part of the store's room on each further file calls for more.
const NEARLY_FULL: f64 = 0.8;

/// How much is read or written at a time.
const PIECE: usize = 64 << 10;

/// What the routes of files need.
pub(crate) struct Files {
    bus: Bus,
    spool: PathBuf,
    max_bytes: u64,
    stall: Duration,
    places: Semaphore,
    // One after the other: each keeps the server's disk busy, and two of the same content meet here.
    storing: Mutex<()>,
}

impl Files {
    /// Prepares the spool and sees that the store stands as declared.
    pub(crate) async fn open(chassis: &Chassis) -> Result<Self, String> {
        let bus = chassis.files.clone().ok_or("there is no connection to the store of files")?;
        for stream in streams::declared(&chassis.config.nats.shape()) {
            if stream.name == ATTACHMENTS {
                streams::verify(&bus, &stream).await.map_err(|error| error.to_string())?;
            }
        }
        let (spool, config) = (chassis.config.spool_folder(), &chassis.config.attachments);
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&spool);
        made.map_err(|error| format!("{} cannot be made: {error}", spool.display()))?;
        Ok(Self {
            bus,
            spool,
            max_bytes: config.max_bytes,
            stall: Duration::from_secs(config.stall_seconds.max(1)),
            places: Semaphore::new(AT_A_TIME),
            storing: Mutex::new(()),
        })
    }

    /// A file that has no name: it is gone when it is closed, however the process ends.
    fn spooled(&self) -> io::Result<File> {
        tempfile::tempfile_in::<&Path>(&self.spool).map(File::from_std)
    }
}

/// What is said of a file that is brought.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Offered {
    /// The file's name, as a document names it; at most 255 bytes.
    file_name: Option<String>,
    /// The state-secret question, which must be answered `false`.
    state_secret: Option<String>,
    /// A level of secrecy: any is refused.
    classification: Option<String>,
    /// The same by another name: any is refused.
    secrecy: Option<String>,
}

/// A file as a document names it in its list `attachments`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Taken {
    /// The file's name, as it was brought, composed.
    file_name: String,
    /// The media type, by what the file holds.
    media_type: &'static str,
    /// The size in bytes.
    size: u64,
    /// The SHA-256 of the content, in hexadecimal.
    sha256: Digest,
}

/// `POST /attachments`: takes a file in and answers what a document says of it; 201, or 200 if it is there already.
pub(crate) async fn take_in(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    query: Result<Query<Offered>, QueryRejection>,
    request: Request,
) -> Result<Response, Problem> {
    let language = caller.language;
    let Query(offered) = query.map_err(|rejection| malformed(&rejection, language))?;
    let file_name = screened(&offered).map_err(|refusal| Problem::of(&refusal, language))?;
    let files = &api.files;
    let said = request.headers().get(header::CONTENT_LENGTH);
    let said: Option<u64> = said.and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok());
    if said.is_some_and(|size| size > files.max_bytes) {
        return Err(too_large(files.max_bytes, language));
    }
    let _place = files.places.try_acquire().map_err(|_| Problem::of(&bus::overloaded(), language))?;
    let spooled = spool(files, request.into_body().into_data_stream(), language).await?;
    if !name::fits(&file_name, &spooled.kind) {
        return Err(refused_kind(Some(&spooled.kind), language));
    }
    let taken =
        Taken { file_name, media_type: spooled.kind.media_type, size: spooled.size, sha256: spooled.digest };
    // All of it is here: it is stored even if the caller no longer waits for the answer.
    let (files, at) = (Arc::clone(files), api.chassis.clock.now());
    let storing = api.chassis.tasks.spawn(async move {
        let Spooled { mut file, digest, .. } = spooled;
        let _alone = files.storing.lock().await;
        let put = objects::put(&files.bus, &digest, &mut file, at).await?;
        warn_of_the_room(&files.bus).await;
        Ok(put)
    });
    let stored = storing.await.unwrap_or_else(|error| Err(ObjectError::Spool(io::Error::other(error))));
    let status = match stored.map_err(|error| not_stored(&error, language))? {
        Put::Stored => StatusCode::CREATED,
        Put::Present => StatusCode::OK,
    };
    let digest = taken.sha256;
    let mut response = (status, axum::Json(taken)).into_response();
    etag(&mut response, &digest);
    Ok(response)
}

/// Calls for more room while there still is some.
async fn warn_of_the_room(bus: &Bus) {
    match log::fullness(bus, ATTACHMENTS).await {
        Ok(fullness) if fullness >= NEARLY_FULL => {
            let percent = format!("{:.0} %", fullness * 100.0);
            let words =
                "STORE_NEARLY_FULL: give the stream OBJ_attachments more room before no file can be stored";
            tracing::error!(percent, alert = true, "{words}");
        }
        Ok(_) => {}
        Err(error) => tracing::debug!(%error, "how full the store of files is cannot be seen"),
    }
}

/// The name under which a file is kept, if it may be taken in at all: asked before anything of it is read.
fn screened(offered: &Offered) -> Result<String, Refusal> {
    let answer = |text: &Option<String>| match text.as_deref() {
        None => Value::Null,
        Some("true") => json!(true),
        Some("false") => json!(false),
        Some(other) => json!(other),
    };
    let mut body = json!({
        "document": { "classification": offered.classification, "secrecy": offered.secrecy },
    });
    if offered.state_secret.is_some() {
        body["state_secret"] = answer(&offered.state_secret);
    }
    let given = offered.file_name.as_deref().unwrap_or_default();
    secrecy::screen_name(given)?;
    secrecy::screen("attachments", &mut body)?;
    name::checked(given).ok_or_else(|| {
        Refusal::invalid(
            "file_name",
            "Tên tệp có 1 đến 255 ký tự, không có / \\ : * ? \" < > |, không có ký tự ẩn, không bắt đầu hoặc kết thúc bằng dấu chấm, dấu cách.",
            "A file name has 1 to 255 characters, none of / \\ : * ? \" < > |, none that is hidden, and no dot or space at either end.",
        )
    })
}

/// A file that came whole, and what it is.
struct Spooled {
    file: File,
    size: u64,
    digest: Digest,
    kind: kind::Kind,
}

/// Writes what comes into the spool while it is hashed; a caller who stalls is not waited for.
async fn spool(files: &Files, mut body: BodyDataStream, language: Language) -> Result<Spooled, Problem> {
    let failed = |error: io::Error| not_stored(&ObjectError::Spool(error), language);
    let mut file = BufWriter::with_capacity(PIECE, files.spooled().map_err(failed)?);
    let (mut digest, mut size) = (Sha256::new(), 0);
    let (mut since, mut came) = (Instant::now(), 0);
    loop {
        let left = files.stall.saturating_sub(since.elapsed());
        let piece = match timeout(left, body.next()).await {
            Err(_) => return Err(stalled(language)),
            Ok(None) => break,
            Ok(Some(Err(error))) => return Err(cut_short(&error, language)),
            Ok(Some(Ok(piece))) => piece,
        };
        let length = u64::try_from(piece.len()).unwrap_or(u64::MAX);
        size += length;
        came += length;
        if size > files.max_bytes {
            return Err(too_large(files.max_bytes, language));
        }
        if came >= HEADWAY {
            (since, came) = (Instant::now(), 0);
        }
        digest.update(&piece);
        file.write_all(&piece).await.map_err(failed)?;
    }
    file.flush().await.map_err(failed)?;
    if size == 0 {
        let refusal = Refusal::invalid("body", "Tệp rỗng.", "The file is empty.");
        return Err(Problem::of(&refusal, language));
    }
    let (file, kind) = kind_of(file.into_inner()).await.map_err(failed)?;
    let kind = kind.ok_or_else(|| refused_kind(None, language))?;
    Ok(Spooled { file, size, digest: Digest::from_bytes(digest.finalize().into()), kind })
}

/// What a file in the spool is.
async fn kind_of(file: File) -> io::Result<(File, Option<kind::Kind>)> {
    let mut file = file.into_std().await;
    let looked = tokio::task::spawn_blocking(move || {
        let kind = kind::of(&mut file)?;
        Ok((File::from_std(file), kind))
    });
    looked.await.map_err(io::Error::other)?
}

/// `GET /cases/{id}/attachments/{sha256}`: hands a file out, if a document of the case that the caller may read names
/// it. What is not yours looks as if it were not there.
pub(crate) async fn of_a_case(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    path: Result<UrlPath<(String, String)>, PathRejection>,
) -> Result<Response, Problem> {
    let (id, digest) = asked_for(path, caller.language)?;
    let case = cases::visible(&api, &caller, Ok(UrlPath(id)), None).await?;
    let told = cases::told(&api, &caller, &case, None).await?;
    hand_out(&api, told.iter().filter_map(Told::content), digest, caller.language).await
}

/// `GET /reports/{id}/attachments/{sha256}` and so on: the same of a duty.
pub(crate) async fn of_a_duty(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Extension(stage): Extension<Stage>,
    path: Result<UrlPath<(String, String)>, PathRejection>,
) -> Result<Response, Problem> {
    let (id, digest) = asked_for(path, caller.language)?;
    let duty = duties::visible(&api, &caller, stage, Ok(UrlPath(id)))?;
    let recorded = duties::recorded(&api, &caller, &duty, None).await?;
    let facts = recorded.iter().filter_map(|fact| serde_json::from_slice(fact).ok());
    hand_out(&api, facts, digest, caller.language).await
}

fn asked_for(
    path: Result<UrlPath<(String, String)>, PathRejection>,
    language: Language,
) -> Result<(String, Digest), Problem> {
    let read = path.ok().and_then(|UrlPath((id, digest))| Some((id, Digest::parse(&digest)?)));
    read.ok_or_else(|| Problem::of(&Refusal::not_found(), language))
}

/// Hands a file out that one of these facts names.
async fn hand_out(
    api: &Api,
    mut facts: impl Iterator<Item = Value>,
    digest: Digest,
    language: Language,
) -> Result<Response, Problem> {
    let absent = || Problem::of(&Refusal::not_found(), language);
    let named = facts.find_map(|fact| named_in(&fact, &digest)).ok_or_else(absent)?;
    let unread = |error: ObjectError| not_read(&error, &digest, language);
    let object = objects::find(&api.files.bus, &digest).await.map_err(unread)?.ok_or_else(absent)?;
    let file = {
        let place = api.files.places.try_acquire();
        let _place = place.map_err(|_| Problem::of(&bus::overloaded(), language))?;
        let mut file = api.files.spooled().map_err(|error| unread(error.into()))?;
        let found = objects::copy(&api.files.bus, &object, &mut file).await.map_err(unread)?;
        if found != digest {
            return Err(unread(ObjectError::Damaged(format!("its digest is {found}"))));
        }
        file
    };
    let (mut file, kind) = kind_of(file).await.map_err(|error| unread(error.into()))?;
    file.seek(SeekFrom::Start(0)).await.map_err(|error| unread(error.into()))?;
    let mut response = Body::from_stream(ReaderStream::with_capacity(file, PIECE)).into_response();
    let media_type = kind.as_ref().map_or("application/octet-stream", |kind| kind.media_type);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(object.size));
    headers.insert(header::CONTENT_DISPOSITION, name::disposition(&named.file_name, kind.as_ref()));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox"));
    etag(&mut response, &digest);
    Ok(response)
}

/// A file of this digest, as a document in it names it.
fn named_in(value: &Value, digest: &Digest) -> Option<Attachment> {
    match value {
        Value::Object(fields) => {
            let listed = fields.get("attachments").and_then(Value::as_array).into_iter().flatten();
            let named = listed.filter_map(|listed| Attachment::deserialize(listed).ok());
            let named = named.into_iter().find(|named| named.sha256 == *digest);
            named.or_else(|| fields.values().find_map(|field| named_in(field, digest)))
        }
        Value::Array(items) => items.iter().find_map(|item| named_in(item, digest)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

fn etag(response: &mut Response, digest: &Digest) {
    if let Ok(value) = HeaderValue::from_str(&format!("\"{digest}\"")) {
        response.headers_mut().insert(header::ETAG, value);
    }
}
