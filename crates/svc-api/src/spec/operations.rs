//! The table: every operation of the API, in the order in which a reader meets them.

use bus::audit::Proof;
use domain::{
    Act, Code, directory, duties,
    labels::{
        Label,
        acts::{self, ANY},
    },
    stages,
};
use events::Stage;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::json;
use service::time_travel::{Arrived, SetClock};

use super::operation::{Given, Operation};
use crate::{
    acts::Answer as Done,
    agreement::Whole as Agreements,
    attachments::{Offered, Taken},
    audit::Checkpoint,
    cases::{AsOf, Events, OneQuery},
    dev::ManualClock,
    directory::{Answer as DirectoryDone, Delegations, Facts, Policies, When, Whole as Directory},
    duties::{Answer as DutyDone, DutiesQuery, Facts as DutyFacts, KINDS, Listed as Duties, Whole as Duty},
    health::Readiness,
    lists::{Cases, ListQuery},
    mails::Ledger,
    session::{Begun, Credentials, NewPassword, OneTimeCode, SecondFactor, SignIn, Who},
    view::Whole as Case,
    work::{WorkQuery, WorkView},
};

/// What an act on a case leaves behind it.
const DONE: &str = "The act is recorded; or it was earlier, and this is its first result.";

/// Every operation. An act needs no entry: it comes from the catalogue of acts.
pub(super) fn operations() -> Vec<Operation> {
    let mut all = signing_in();
    all.extend(reading());
    all.extend(stages::acts().map(on_a_case));
    all.extend(KINDS.into_iter().flat_map(reading_duties));
    all.extend(duties::acts().flat_map(on_a_duty));
    all.extend(of_files());
    all.extend(of_the_audit());
    all.extend(reading_the_directory());
    all.extend(directory::ACTS.iter().map(on_the_directory));
    all.extend(of_the_process());
    all
}

fn get(
    path: &str,
    id: &str,
    tag: &'static str,
    words: (&'static str, &'static str),
    vi: &str,
    en: &str,
) -> Operation {
    Operation::new("get", path, id, tag, words).about(vi, en)
}

/// An operation of one's own account: whoever shows a token that counts no more is told to sign in again.
fn own(method: &'static str, path: &str, id: &str, words: (&'static str, &'static str)) -> Operation {
    Operation::new(method, path, id, "session", words)
}

fn signing_in() -> Vec<Operation> {
    vec![
        own("post", "/api/v1/session", "sign-in", ("Đăng nhập", "Sign in"))
            .about(
                "Đăng nhập bằng mật khẩu, thêm mã một lần nếu tài khoản có; mã phiên chỉ hiện một lần.",
                "Signs in with a password, and a one-time code where the account has one. The token is told this once.",
            )
            .open()
            .reads(&["Accept-Language"])
            .takes::<SignIn>(json!({ "officer": "btg.lanh-dao", "password": "bốn con ngựa gầy trên đồi" }))
            .answers::<Begun>(201, "Signed in.", &[])
            .refuses(&["SIGN_IN_REFUSED", "ACCOUNT_LOCKED", "TOO_MANY_REQUESTS", "INVALID_DATA", "TIMEOUT"])
            .refuses(&["UNAVAILABLE", "BUSY"]),
        own("get", "/api/v1/session", "read-session", ("Đang đăng nhập là ai", "Who is signed in"))
            .about(
                "Cán bộ, chức vụ, cơ quan và tư cách thực hiện.",
                "The officer, his office and agency, and by what right he acts.",
            )
            .answers::<Who<'static>>(200, "Who it is.", &[]),
        own("delete", "/api/v1/session", "sign-out", ("Đăng xuất", "Sign out"))
            .about("Phiên này kết thúc ngay.", "The session ends at once.")
            .answers_bare(204, "It has ended.", &[])
            .refuses(&["SIGN_IN_REFUSED", "NOT_FOUND", "BUSY"]),
        own("get", "/api/v1/session/all", "list-sessions", ("Các phiên và mã của mình", "One's sessions and tokens"))
            .about("Mới nhất trước.", "The newest first; the secrets themselves are kept by nobody.")
            .answers::<Credentials>(200, "They are these.", &[])
            .refuses(&["SIGN_IN_REFUSED", "BUSY"]),
        own("delete", "/api/v1/session/{id}", "end-session", ("Kết thúc một phiên", "End a session or token"))
            .about(
                "Của mình; quản trị thì của bất kỳ ai.",
                "One of one's own; an administrator ends anybody's.",
            )
            .answers_bare(204, "It has ended.", &[])
            .refuses(&["SIGN_IN_REFUSED", "NOT_FOUND", "BUSY"]),
        own("put", "/api/v1/session/password", "change-password", ("Đổi mật khẩu", "Change the password"))
            .about(
                "Từ 12 đến 128 ký tự; các phiên khác của mình kết thúc.",
                "12 to 128 characters; one's other sessions end.",
            )
            .takes::<NewPassword>(json!({ "old": "abcde-fghjk-mnpqr-stuvw", "new": "bốn con ngựa gầy trên đồi" }))
            .answers_bare(204, "It is changed.", &[])
            .refuses(&["SIGN_IN_REFUSED", "ACCOUNT_LOCKED", "INVALID_DATA", "BUSY"]),
        own(
            "post",
            "/api/v1/session/second-factor",
            "begin-second-factor",
            ("Xin mã bí mật cho mã một lần", "Ask for a secret for one-time codes"),
        )
        .about(
            "Nhập vào ứng dụng xác thực, rồi xác nhận bằng một mã.",
            "To be typed into an authenticator; it counts once a code of it was shown.",
        )
        .answers::<SecondFactor>(201, "The secret.", &[])
        .refuses(&["SIGN_IN_REFUSED", "BUSY"]),
        own(
            "put",
            "/api/v1/session/second-factor",
            "confirm-second-factor",
            ("Xác nhận mã một lần", "Confirm one-time codes"),
        )
        .about(
            "Từ nay mỗi lần đăng nhập phải có mã một lần.",
            "From now on a one-time code is asked for at every sign-in.",
        )
        .takes::<OneTimeCode>(json!({ "code": "287082" }))
        .answers_bare(204, "It is asked for from now on.", &[])
        .refuses(&["SIGN_IN_REFUSED", "INVALID_DATA", "BUSY"]),
    ]
}

fn of_files() -> Vec<Operation> {
    vec![
        Operation::new(
            "post",
            "/api/v1/attachments",
            "upload-attachment",
            "attachments",
            ("Tải tệp lên", "Bring a file"),
        )
        .about(
            "Nội dung là chính tệp đó; câu trả lời là mục để ghi vào `attachments` của văn bản.",
            "The body is the file as it is. The answer is what a document says of it in its list `attachments`.",
        )
        .asks::<Offered>()
        .takes_a_file()
        .answers::<Taken>(201, "It is stored.", &["ETag"])
        .answers::<Taken>(200, "It was there already.", &["ETag"])
        .refuses(&["INVALID_DATA", "STATE_SECRET_CONTENT_REFUSED", "ATTACHMENT_TOO_LARGE"])
        .refuses(&["ATTACHMENT_TYPE_REFUSED", "UPLOAD_STALLED", "UPLOAD_CUT_SHORT", "BUSY"])
        .refuses(&["STORE_FULL", "OUTCOME_UNKNOWN"]),
        download(
            "/api/v1/cases/{id}/attachments/{sha256}",
            "download-attachment",
            "Tệp mà một văn bản của vụ việc nêu; mã băm được kiểm trước khi trao.",
            "A file that a document of the case names; its digest is checked before any of it is handed out.",
        ),
    ]
}

fn download(path: &str, id: &str, vi: &'static str, en: &'static str) -> Operation {
    get(path, id, "attachments", ("Tải tệp về", "Take a file"), vi, en)
        .answers_in("*/*", file, 200, "The file, under its own media type.", &["Content-Disposition", "ETag"])
        .refuses(&["NOT_FOUND", "BUSY", "ATTACHMENT_DAMAGED"])
}

fn reading() -> Vec<Operation> {
    vec![
        get(
            "/api/v1/cases",
            "list-cases",
            "cases",
            ("Danh sách vụ việc", "List cases"),
            "Các vụ việc mà đồng chí được xem, mới nhất trước; với `q` thì tìm, không cần dấu, đúng nhất trước.",
            "The cases that you may see, newest first; with `q` those in which it is found, best first, with or without diacritics. What is not yours is left out.",
        )
        .asks::<ListQuery>()
        .answers::<Cases<'static>>(200, "A page of cases.", &[])
        .refuses(&["BUSY"]),
        get(
            "/api/v1/work",
            "list-work",
            "cases",
            ("Việc đang chờ", "What waits for you"),
            "Thời hạn và việc chờ đồng chí xử lý, gần hạn nhất trước.",
            "Deadlines that your agency owes and keys that wait for it, where your office can do something; soonest first.",
        )
        .asks::<WorkQuery>()
        .answers::<WorkView<'static>>(200, "What waits.", &[])
        .refuses(&["BUSY"]),
        get(
            "/api/v1/cases/{id}",
            "read-case",
            "cases",
            ("Xem vụ việc", "Read a case"),
            "Vụ việc hiện tại; tra theo mã hoặc theo số (VV-…). Với `at` là vụ việc theo những gì đã ghi đến thời điểm đó, dành cho người được xem vụ việc hôm nay.",
            "A case as it stands, by its id or by its number; with `at` as it stood at a time, for whoever may see the case today.",
        )
        .asks::<OneQuery>()
        .answers::<Case<'static>>(200, "The case; `ETag` is its version, but not with `at`.", &["ETag"])
        .refuses(&["NOT_FOUND", "UNAVAILABLE", "BUSY"]),
        get(
            "/api/v1/cases/{id}/events",
            "read-case-events",
            "cases",
            ("Nhật ký vụ việc", "Read the facts of a case"),
            "Các sự kiện của vụ việc, đúng từng byte như trong sổ ghi; ý kiến đang niêm phong chỉ có mã băm.",
            "The facts of a case, in the very bytes that are stored: their digests are the chain. A statement that is still sealed for you is told by its digest alone.",
        )
        .asks::<AsOf>()
        .answers::<Events>(200, "The facts.", &[])
        .refuses(&["NOT_FOUND", "UNAVAILABLE"]),
        get(
            "/api/v1/cases/{id}/mails",
            "read-case-mails",
            "cases",
            ("Sổ thư của vụ việc", "Read the ledger of mails"),
            "Thư báo đã ghi cho các chức vụ của cơ quan mình (người kiểm tra: của mọi cơ quan): từng trạng thái với thời điểm và câu trả lời của máy chủ thư, và ai của chức vụ đó đã mở vụ việc; với Accept: text/plain là bản để in.",
            "The alerts to offices of the caller's agency (an auditor: of all): each state with its time and the mail relay's own words, and who of that office has opened the case since; with `Accept: text/plain` as people read it.",
        )
        .answers::<Ledger>(200, "The mails.", &[])
        .answers_in("text/plain", text, 200, "", &[])
        .refuses(&["NOT_FOUND", "UNAVAILABLE", "BUSY"]),
        get(
            "/api/v1/cases/{id}/dossier",
            "read-dossier",
            "cases",
            ("Hồ sơ trình", "Read the dossier"),
            "Hồ sơ gần nhất đã trình: JSON chuẩn tắc, hoặc văn bản với Accept: text/plain.",
            "The newest dossier that went up: in its canonical form, whose SHA-256 stands in the log; with `Accept: text/plain` as the document that people read.",
        )
        .answers::<domain::dossier::Content>(200, "The dossier.", &["Dossier-Digest"])
        .answers_in("text/plain", text, 200, "", &[])
        .refuses(&["NOT_FOUND"]),
    ]
}

fn of_the_audit() -> Vec<Operation> {
    vec![
        get(
            "/api/v1/audit/checkpoint",
            "read-checkpoint",
            "audit",
            ("Điểm kiểm tra đã ký", "Read the newest checkpoint"),
            "Điểm kiểm tra mới nhất: số sự kiện và gốc cây Merkle của từng sổ, có chữ ký; cơ quan nào cũng có thể giữ một bản để sau này đối chiếu. Với Accept: text/plain là nguyên văn bản ký.",
            "The newest checkpoint: how large each log is and the root of its Merkle tree, signed. Whoever keeps one can show later that nothing before it was altered. With `Accept: text/plain` the signed note as it is.",
        )
        .answers::<Checkpoint>(200, "The checkpoint.", &[])
        .answers_in("text/plain", text, 200, "", &[])
        .refuses(&["UNAVAILABLE", "BUSY"]),
        get(
            "/api/v1/audit/proof/{event}",
            "read-proof",
            "audit",
            ("Chứng minh một sự kiện", "Read the proof of an event"),
            "Chứng minh rằng sự kiện có trong sổ: đường dẫn Merkle (RFC 6962) đến gốc trong một điểm kiểm tra đã ký. Nội dung sự kiện không nằm trong đó.",
            "The proof that an event stands in the log: the Merkle path (RFC 6962) to the root that a signed checkpoint names. The event itself is not in it: its leaf is made of the bytes that `GET /cases/{id}/events` gives.",
        )
        .answers::<Proof>(200, "The proof.", &[])
        .refuses(&["NOT_FOUND", "UNAVAILABLE", "BUSY"]),
    ]
}

fn reading_the_directory() -> Vec<Operation> {
    vec![
        get(
            "/api/v1/directory",
            "read-directory",
            "directory",
            ("Danh bạ", "Read the directory"),
            "Cơ quan, chức vụ và người giữ chức vụ; lĩnh vực, địa bàn; tại một thời điểm.",
            "Agencies, offices and who holds them, topics and areas, as of a time.",
        )
        .asks::<When>()
        .answers::<Directory<'static>>(200, "The directory.", &["ETag"]),
        get(
            "/api/v1/directory/delegations",
            "list-delegations",
            "directory",
            ("Các ủy quyền", "List delegations"),
            "Ủy quyền của cơ quan mình; người kiểm tra và quản trị xem tất cả.",
            "The delegations of your own agency; an auditor and an administrator see all.",
        )
        .asks::<When>()
        .answers::<Delegations<'static>>(200, "The delegations, the newest last.", &[]),
        get(
            "/api/v1/directory/policy",
            "read-policy",
            "directory",
            ("Chính sách", "Read the policy"),
            "Các phiên bản chính sách đã ban hành và toàn văn phiên bản có hiệu lực.",
            "The versions of the policy that were published, and the text of the one in force.",
        )
        .asks::<When>()
        .answers::<Policies<'static>>(200, "The policy.", &[]),
        get(
            "/api/v1/directory/events",
            "read-directory-events",
            "directory",
            ("Nhật ký danh bạ", "Read the facts of the directory"),
            "Các sự kiện của danh bạ; dành cho người kiểm tra và quản trị.",
            "The facts of the directory, in the very bytes that are stored; for auditors and administrators.",
        )
        .answers::<Facts>(200, "The facts.", &[])
        .refuses(&["UNAVAILABLE"]),
        get(
            "/api/v1/directory/agreement",
            "read-agreement",
            "directory",
            ("Chương trình phối hợp", "Read the agreement"),
            "Các chương trình phối hợp, ai đã ký; các đề nghị sửa đổi chính sách, bên nào đã đồng ý; còn chờ ai.",
            "The agreements and who has signed them, the amendments and who has agreed to them, the versions of the policy that came of them; and whose key is still to be turned.",
        )
        .answers::<Agreements<'static>>(200, "The agreements and amendments.", &["ETag"])
        .refuses(&["UNAVAILABLE"]),
    ]
}

fn of_the_process() -> Vec<Operation> {
    let open = |path, id, words, vi, en| get(path, id, "process", words, vi, en).open();
    vec![
        open(
            "/livez",
            "live",
            ("Tiến trình còn chạy", "Is it alive?"),
            "Tiến trình có trả lời.",
            "The process answers.",
        )
        .answers_in("text/plain", text, 200, "It does.", &[]),
        open(
            "/readyz",
            "ready",
            ("Tiến trình sẵn sàng", "Can it work?"),
            "Máy chủ sổ ghi kết nối được, sổ đọc được, dữ liệu gần như mới nhất.",
            "The server of the log is there, the log can be read, and what was read of it is near its end.",
        )
        .answers::<Readiness>(200, "It can.", &[])
        .answers::<Readiness>(503, "It cannot, for now.", &[]),
        open(
            "/openapi.json",
            "read-openapi",
            ("Tài liệu này (OpenAPI)", "This document"),
            "Mô tả giao diện lập trình theo OpenAPI 3.1.",
            "What the API promises, as OpenAPI 3.1.",
        )
        .answers_in("application/json", object, 200, "The document.", &[]),
        open(
            "/docs",
            "read-docs",
            ("Trang hướng dẫn", "The page that shows it"),
            "Tài liệu này dưới dạng trang đọc, tiếng Việt và tiếng Anh.",
            "This document as a page to read, in Vietnamese and in English.",
        )
        .answers_in("text/html", text, 200, "The page.", &[]),
        open(
            "/docs/style.css",
            "read-docs-style",
            ("Kiểu trình bày của trang", "How the page looks"),
            "Tệp kiểu trình bày của trang hướng dẫn.",
            "The style sheet of the page.",
        )
        .answers_in("text/css", text, 200, "The style sheet.", &[]),
        open(
            "/problems/{code}",
            "read-problem",
            ("Giải thích một mã lỗi", "What a code means"),
            "Địa chỉ ghi ở type của lỗi; dẫn đến phần giải thích trên trang hướng dẫn.",
            "The `type` of a problem; it leads to the code on the page.",
        )
        .answers_bare(307, "There it stands.", &["Location"])
        .reads(&["Accept-Language"])
        .refuses(&["NOT_FOUND"]),
        open(
            "/schemas/events/{type}/{version}",
            "read-event-schema",
            ("Lược đồ của một loại sự kiện", "The schema of an event"),
            "Địa chỉ ghi ở dataschema của sự kiện.",
            "The JSON Schema that `dataschema` of a fact names.",
        )
        .answers_in("application/json", object, 200, "The schema.", &[])
        .reads(&["Accept-Language"])
        .refuses(&["NOT_FOUND"]),
        open(
            "/dev/clock",
            "read-clock",
            ("Xem đồng hồ chạy thử", "Read the manual clock"),
            "Chỉ có khi chạy với --clock manual.",
            "Only where the clock is set by hand (`--clock manual`); in production there is no such address.",
        )
        .reads(&["Accept-Language"])
        .answers::<ManualClock>(200, "Where it stands.", &[])
        .refuses(&["NOT_FOUND"]),
        Operation::new(
            "post",
            "/dev/clock",
            "set-clock",
            "process",
            ("Đặt đồng hồ chạy thử", "Set the manual clock"),
        )
        .about(
            "Chỉ có khi chạy với --clock manual: đi lần lượt qua từng thời hạn.",
            "Only where the clock is set by hand: steps from due to due, and answers when all is settled.",
        )
        .open()
        .reads(&["Accept-Language"])
        .takes::<SetClock>(json!({ "to": "2026-05-17T09:00:00+07:00" }))
        .answers::<Arrived>(200, "It stands there.", &[])
        .refuses(&["CLOCK_NOT_SET", "NOT_FOUND"]),
    ]
}

fn text(generator: &mut SchemaGenerator) -> schemars::Schema {
    String::json_schema(generator)
}

fn file(_: &mut SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "description": "The bytes of the file." })
}

fn object(_: &mut SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": "object" })
}

/// The acts that another person must complete: they may be answered 202.
const FIRST_KEYS: [&str; 8] = [
    "explain-discrepancy",
    "propose-settlement",
    "propose-task-force",
    "propose-joint-advice",
    "propose-dossier-withdrawal",
    "confirm-dossier-withdrawal",
    "propose-closure",
    "propose-cancellation",
];

fn on_a_case(act: &'static Act) -> Operation {
    let raises = act.name == "raise";
    let path = if raises { "/api/v1/cases".to_owned() } else { format!("/api/v1/cases/{{id}}/{}", act.name) };
    let mut operation = an_act(act, &path, act.stage.name());
    let replayed: &[&str] = &["ETag", "Idempotency-Replayed"];
    if raises {
        operation = operation
            .answers::<Done<'static>>(201, "The case is raised.", &["ETag", "Location"])
            .answers::<Done<'static>>(
                200,
                "It was raised by this key before: its first result, and the case as it stands.",
                &["ETag", "Idempotency-Replayed", "Location"],
            );
    } else {
        operation = operation.answers::<Done<'static>>(200, DONE, replayed);
    }
    if FIRST_KEYS.contains(&act.name) {
        let about = "The first of several keys is turned: `awaits` says whose act is next.";
        operation = operation.answers::<Done<'static>>(202, about, &["ETag"]);
    }
    operation
}

/// Lists, one and its facts: the same for reports, briefings and projects.
fn reading_duties(stage: Stage) -> Vec<Operation> {
    let (root, tag) = (duties::path(stage), stage.name());
    let words: [(&'static str, &'static str); 3] = match stage {
        Stage::Briefing => [
            ("Danh sách giao ban", "List briefings"),
            ("Một kỳ giao ban", "Read a briefing"),
            ("Nhật ký một kỳ giao ban", "Read the facts of a briefing"),
        ],
        Stage::Project => [
            ("Danh sách dự án phối hợp", "List planned projects"),
            ("Một dự án phối hợp", "Read a planned project"),
            ("Nhật ký một dự án phối hợp", "Read the facts of a planned project"),
        ],
        _ => [
            ("Danh sách báo cáo định kỳ", "List regular reports"),
            ("Một báo cáo định kỳ", "Read a regular report"),
            ("Nhật ký một báo cáo định kỳ", "Read the facts of a regular report"),
        ],
    };
    let [list, one, events] = words;
    let path = |rest: &str| format!("/api/v1/{root}{rest}");
    vec![
        get(
            &path(""),
            &format!("list-{root}"),
            tag,
            list,
            "Những mục đồng chí được xem, mới nhất trước; lọc theo tháng, cơ quan. Với báo cáo theo tháng, đây là danh sách đã gửi, không phát sinh, chưa gửi.",
            "Those that you may see, newest first; by month and agency. Of the reports of a month this is the list: submitted, nil, not yet.",
        )
        .asks::<DutiesQuery>()
        .answers::<Duties<'static>>(200, "The list.", &[])
        .refuses(&["MALFORMED_QUERY"]),
        get(
            &path("/{id}"),
            &format!("read-{}", root.trim_end_matches('s')),
            tag,
            one,
            "Toàn bộ nội dung, việc đang chờ và nhật ký.",
            "All of it: what it says, what is owed in it, what happened; with `at` as it stood then.",
        )
        .asks::<AsOf>()
        .answers::<Duty<'static>>(200, "It.", &["ETag"])
        .refuses(&["NOT_FOUND"]),
        get(
            &path("/{id}/events"),
            &format!("list-{}-events", root.trim_end_matches('s')),
            tag,
            events,
            "Các sự kiện, đúng từng byte như đã lưu.",
            "Its facts, in the very bytes that are stored.",
        )
        .asks::<AsOf>()
        .answers::<DutyFacts>(200, "The facts, oldest first.", &[])
        .refuses(&["NOT_FOUND", "UNAVAILABLE"]),
        download(
            &path("/{id}/attachments/{sha256}"),
            &format!("download-attachment-of-{}", root.trim_end_matches('s')),
            "Tệp mà một văn bản của hồ sơ nêu; mã băm được kiểm trước khi trao.",
            "A file that a document of it names; its digest is checked before any of it is handed out.",
        ),
    ]
}

/// An act on a duty; one on documents stands below each kind of duty, for reports under its own name.
fn on_a_duty(act: &'static Act) -> Vec<Operation> {
    if act.stage != Stage::Distribution {
        return vec![on_a_kind(act, act.stage)];
    }
    let below = |stage: Stage| {
        let mut operation = on_a_kind(act, stage);
        if stage != Stage::Reporting {
            operation.id = format!("{}-of-{stage}", act.name);
        }
        operation
    };
    KINDS.into_iter().map(below).collect()
}

fn on_a_kind(act: &'static Act, stage: Stage) -> Operation {
    let root = duties::path(stage);
    let replayed: &[&str] = &["ETag", "Idempotency-Replayed"];
    if duties::begins(act) {
        return an_act(act, &format!("/api/v1/{root}"), stage.name())
            .answers::<DutyDone<'static>>(201, "It has begun.", &["ETag", "Location"])
            .answers::<DutyDone<'static>>(
                200,
                "It was begun by this key before: its first result, and how it stands.",
                &["ETag", "Idempotency-Replayed", "Location"],
            );
    }
    let path = format!("/api/v1/{root}/{{id}}/{}", act.name);
    an_act(act, &path, stage.name()).answers::<DutyDone<'static>>(200, DONE, replayed)
}

fn on_the_directory(act: &'static Act) -> Operation {
    an_act(act, &format!("/api/v1/directory/{}", act.name), "directory")
        .answers::<DirectoryDone>(201, "The act is recorded.", &["ETag"])
        .answers::<DirectoryDone>(
            200,
            "It was recorded by this key before: its first result.",
            &["ETag", "Idempotency-Replayed"],
        )
}

fn an_act(act: &'static Act, path: &str, tag: &'static str) -> Operation {
    let words = acts::act(act.name);
    let label = words.map_or(Label { vi: act.name, en: act.name }, |words| words.label);
    let records: Vec<_> = act.records.iter().map(|kind| format!("`{kind}`")).collect();
    let records = records.join(", ");
    let mut operation = Operation::new("post", path, act.name, tag, (label.vi, label.en))
        .about(
            format!("Ai thực hiện: {}. Ghi: {records}.", words.map_or("", |words| words.who)),
            format!("Who may do it: {}. It records {records}.", act.who),
        )
        .reads(&["Idempotency-Key", "If-Match"])
        .refuses(&["IDEMPOTENCY_KEY_REQUIRED", "MALFORMED_JSON", "MALFORMED_IF_MATCH", "BODY_TOO_LARGE"]);
    operation.body = Some(Given::Act(act));
    let own = words.map_or(&[][..], |words| words.refusals);
    let codes: Vec<_> = ANY.iter().chain(own).copied().map(Code::name).collect();
    operation.refuses(&codes)
}
