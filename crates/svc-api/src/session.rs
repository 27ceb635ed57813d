//! Signing in and out, and what an officer asks about his own account. The identity service decides all of it.

use axum::{
    Extension,
    body::Bytes,
    extract::{
        Path, State,
        rejection::{BytesRejection, PathRejection},
    },
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use bus::{
    assertion::Strength,
    identity::{Answer, CredentialKind, Listed, Question, Secret, Wish},
};
use domain::{Code, Refusal, Role};
use events::{AgencyId, OfficeId, OfficerId, Timestamp, UnitId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use service::problem::{Language, Problem};
use uuid::Uuid;

use crate::{
    Api, acts,
    auth::{self, Caller},
    language, refused,
};

/// Signing in.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignIn {
    /// The account, which is the officer's id, e.g. `btg.lanh-dao`.
    officer: OfficerId,
    /// The password.
    #[schemars(with = "String")]
    password: Secret,
    /// The six digits that the authenticator shows, where the account has one.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    code: Option<Secret>,
}

/// A session that has begun.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Begun {
    /// The session.
    session: Uuid,
    /// What is shown with every request: `Authorization: Bearer <token>`. It is told this once.
    #[schemars(with = "String")]
    token: Secret,
    /// When the session ends, whatever is done in it.
    ends: Timestamp,
    /// After how many minutes without a request it ends before.
    idle_minutes: u32,
    /// How it was proven who it is: `password` or `second-factor`.
    strength: &'static str,
    /// A password of his own must be chosen before anything else: `PUT /session/password`.
    must_change_password: bool,
}

/// Who is signed in, and by what right he acts.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Who<'a> {
    /// The officer.
    officer: &'a OfficerId,
    /// His name.
    name: Option<&'a str>,
    /// The office for which he acts.
    office: &'a OfficeId,
    /// Its title.
    title: Option<&'a str>,
    /// Its unit.
    unit: Option<&'a UnitId>,
    /// Its agency.
    agency: &'a AgencyId,
    /// What the office may do.
    role: Role,
    /// By what right he acts for it, e.g. `direct`.
    capacity: &'static str,
}

/// A new password.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPassword {
    /// The one that he has.
    #[schemars(with = "String")]
    old: Secret,
    /// The one that he wants: 12 to 128 characters.
    #[schemars(with = "String")]
    new: Secret,
}

/// A one-time code.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OneTimeCode {
    /// The six digits that the authenticator shows.
    #[schemars(with = "String")]
    code: Secret,
}

/// The secret for one-time codes.
#[derive(Serialize, JsonSchema)]
pub(crate) struct SecondFactor {
    /// In base 32, to be typed into an authenticator.
    #[schemars(with = "String")]
    secret: Secret,
    /// The same as a link that an authenticator opens.
    link: String,
}

/// The sessions and tokens of an officer.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Credentials {
    /// The newest first.
    credentials: Vec<Shown>,
}

/// A session or token.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Shown {
    /// Which: `DELETE /session/{id}` ends it.
    id: Uuid,
    /// `session` of a person, or `token` of a program.
    kind: &'static str,
    /// What a token is for.
    name: Option<String>,
    /// The agency for which alone a token counts.
    agency: Option<AgencyId>,
    /// The acts for which alone a token counts; none of them leaves reading, `null` all that the officer may do.
    acts: Option<Vec<String>>,
    /// When it began.
    since: Timestamp,
    /// When a session was used, to the minute.
    used: Option<Timestamp>,
    /// When it ends by itself.
    ends: Option<Timestamp>,
    /// When it was ended before.
    ended: Option<Timestamp>,
}

impl From<Listed> for Shown {
    fn from(listed: Listed) -> Self {
        let Listed { id, kind, officer: _, name, agency, acts, since, used, ends, ended } = listed;
        let kind = match kind {
            CredentialKind::Session => "session",
            CredentialKind::Token => "token",
        };
        Self { id, kind, name, agency, acts, since, used, ends, ended }
    }
}

/// `POST /session`: signs in.
pub(crate) async fn begin(
    State(api): State<Api>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let language = language(&headers);
    let SignIn { officer, password, code } = read(body, language)?;
    match asked(&api, Question::SignIn { officer, password, code }, language).await? {
        Answer::SignedIn(signed_in) => {
            let begun = Begun {
                session: signed_in.id,
                token: signed_in.token,
                ends: signed_in.ends,
                idle_minutes: signed_in.idle_minutes,
                strength: name(signed_in.strength),
                must_change_password: signed_in.must_change_password,
            };
            Ok((StatusCode::CREATED, axum::Json(begun)).into_response())
        }
        answer => Err(failed(answer, language)),
    }
}

/// `GET /session`: who is signed in.
pub(crate) async fn who(State(api): State<Api>, Extension(caller): Extension<Caller>) -> Response {
    let policy = api.chassis.policy();
    let (person, organisation) = (&caller.person, &policy.organisation);
    axum::Json(Who {
        officer: &person.officer,
        name: organisation.officer(&person.officer).map(|officer| officer.name.as_str()),
        office: &person.office,
        title: organisation.office(&person.office).map(|office| office.title.as_str()),
        unit: person.unit.as_ref(),
        agency: &person.agency,
        role: person.role,
        capacity: person.capacity.name(),
    })
    .into_response()
}

/// `GET /session/all`: one's own sessions and tokens.
pub(crate) async fn all(State(api): State<Api>, headers: HeaderMap) -> Result<Response, Problem> {
    match own(&api, &headers, Wish::List).await? {
        Answer::Listed(all) => {
            let credentials = all.into_iter().map(Shown::from).collect();
            Ok(axum::Json(Credentials { credentials }).into_response())
        }
        answer => Err(failed(answer, language(&headers))),
    }
}

/// `DELETE /session`: signs out.
pub(crate) async fn end(State(api): State<Api>, headers: HeaderMap) -> Result<Response, Problem> {
    let language = language(&headers);
    done(own(&api, &headers, Wish::End { id: None }).await?, language)
}

/// `DELETE /session/{id}`: ends a session, or takes a token back; an administrator anybody's.
pub(crate) async fn end_another(
    State(api): State<Api>,
    id: Result<Path<Uuid>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let language = language(&headers);
    let Ok(Path(id)) = id else {
        return Err(Problem::of(&Refusal::not_found(), language));
    };
    done(own(&api, &headers, Wish::End { id: Some(id) }).await?, language)
}

/// `PUT /session/password`: a new password; one's other sessions end.
pub(crate) async fn change_password(
    State(api): State<Api>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let language = language(&headers);
    let NewPassword { old, new } = read(body, language)?;
    done(own(&api, &headers, Wish::ChangePassword { old, new }).await?, language)
}

/// `POST /session/second-factor`: a secret for one-time codes, to be confirmed with a code of it.
pub(crate) async fn begin_second_factor(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    match own(&api, &headers, Wish::BeginSecondFactor).await? {
        Answer::SecondFactor { secret } => {
            let link = format!(
                "otpauth://totp/Concord:{}?secret={}&issuer=Concord",
                caller.person.officer, secret.0
            );
            Ok((StatusCode::CREATED, axum::Json(SecondFactor { secret, link })).into_response())
        }
        answer => Err(failed(answer, caller.language)),
    }
}

/// `PUT /session/second-factor`: shows a code; from now on one is asked for at every sign-in.
pub(crate) async fn confirm_second_factor(
    State(api): State<Api>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let language = language(&headers);
    let OneTimeCode { code } = read(body, language)?;
    done(own(&api, &headers, Wish::ConfirmSecondFactor { code }).await?, language)
}

/// Asks for what an officer wants of his own account.
async fn own(api: &Api, headers: &HeaderMap, wish: Wish) -> Result<Answer, Problem> {
    let language = language(headers);
    let secret = auth::shown(headers).ok_or_else(|| auth::unauthenticated(language))?;
    asked(api, Question::Own { secret, wish }, language).await
}

async fn asked(api: &Api, question: Question, language: Language) -> Result<Answer, Problem> {
    let answered = auth::ask(&api.chassis.bus, &question).await;
    answered.map_err(|refusal| Problem::of(&refusal, language))
}

fn done(answer: Answer, language: Language) -> Result<Response, Problem> {
    match answer {
        Answer::Done => Ok(StatusCode::NO_CONTENT.into_response()),
        answer => Err(failed(answer, language)),
    }
}

/// What is answered where it was not done.
fn failed(answer: Answer, language: Language) -> Problem {
    match answer {
        Answer::Refused(refusal) => Problem::of(&refusal, language),
        Answer::LockedUntil(until) => locked(until, language),
        Answer::MustChangePassword => auth::must_change(language),
        Answer::Unknown => Problem::of_edge(
            &refused::SIGN_IN_REFUSED,
            (
                "Tên, mật khẩu hoặc mã một lần không đúng, hoặc phiên đã kết thúc; đề nghị đăng nhập lại.",
                "Name, password or one-time code is not right, or the session has ended: sign in again.",
            ),
            language,
        ),
        answer => {
            tracing::error!(?answer, alert = true, "the identity service answered something else");
            let words = "Chưa kiểm tra được người dùng; đề nghị thử lại.";
            let refusal =
                Refusal::new(Code::Unavailable, words, "Who calls cannot be checked now: try again.");
            Problem::of(&refusal, language)
        }
    }
}

fn locked(until: Timestamp, language: Language) -> Problem {
    let until = domain::scenario::moment_in_words(until);
    Problem::of_edge(
        &refused::ACCOUNT_LOCKED,
        (
            &format!("Sai quá nhiều lần; tài khoản mở lại lúc {until}. Cần gấp thì liên hệ quản trị."),
            &format!(
                "Too many failures: the account opens again at {until}. If it is urgent, ask the administrator."
            ),
        ),
        language,
    )
}

fn name(strength: Strength) -> &'static str {
    match strength {
        Strength::Token => "token",
        Strength::Password => "password",
        Strength::SecondFactor => "second-factor",
    }
}

/// Reads a body that holds secrets: what is wrong with it is said without a word of it.
fn read<T: DeserializeOwned>(body: Result<Bytes, BytesRejection>, language: Language) -> Result<T, Problem> {
    let body = acts::read_body(body, language)?;
    serde_json::from_value(body).map_err(|error| {
        let why = error.to_string();
        let refusal = Refusal::new(
            Code::InvalidData,
            format!("Nội dung chưa đúng: {why}."),
            format!("The body is not right: {why}."),
        );
        Problem::of(&refusal, language)
    })
}
