//! Why a file is not taken in or not handed out, in both languages.

use bus::objects::ObjectError;
use domain::{Code, Refusal};
use events::Digest;
use service::problem::{Language, Problem};

use super::kind::Kind;
use crate::refused;

pub(super) fn too_large(most: u64, language: Language) -> Problem {
    Problem::of_edge(
        &refused::ATTACHMENT_TOO_LARGE,
        (
            &format!("Một tệp tối đa {most} byte; đề nghị chia nhỏ hoặc nén ảnh."),
            &format!("A file has at most {most} bytes: split it, or make its images smaller."),
        ),
        language,
    )
}

pub(super) fn refused_kind(found: Option<&Kind>, language: Language) -> Problem {
    let (vi, en) = match found {
        Some(kind) => (
            format!("Nội dung tệp là {}, tên tệp phải kết thúc bằng .{}.", kind.media_type, kind.endings.join(", .")),
            format!("The file holds {}: its name must end in .{}.", kind.media_type, kind.endings.join(", .")),
        ),
        None => (
            "Chỉ nhận PDF, PNG, JPEG, tệp Office hoặc OpenDocument không có macro, XML và văn bản thuần UTF-8.".to_owned(),
            "Taken in are PDF, PNG, JPEG, Office and OpenDocument files without macros, XML, and plain text in UTF-8.".to_owned(),
        ),
    };
    Problem::of_edge(&refused::ATTACHMENT_TYPE_REFUSED, (&vi, &en), language)
}

pub(super) fn stalled(language: Language) -> Problem {
    Problem::of_edge(
        &refused::UPLOAD_STALLED,
        (
            "Tệp không đến tiếp; đề nghị gửi lại từ đầu.",
            "No more of the file came: send it again from its start.",
        ),
        language,
    )
}

pub(super) fn cut_short(error: &axum::Error, language: Language) -> Problem {
    Problem::of_edge(
        &refused::UPLOAD_CUT_SHORT,
        (
            &format!("Chưa nhận đủ tệp ({error}); đề nghị gửi lại từ đầu."),
            &format!("Not all of the file came ({error}): send it again from its start."),
        ),
        language,
    )
}

pub(super) fn not_stored(error: &ObjectError, language: Language) -> Problem {
    let refusal = if matches!(error, ObjectError::Full) {
        tracing::error!(alert = true, "STORE_FULL: no more attachments are taken in");
        Refusal::new(
            Code::StoreFull,
            "Kho tệp đã đầy; tệp chưa được lưu.",
            "The store of files is full: the file was not stored.",
        )
    } else {
        tracing::error!(%error, "an attachment was not stored");
        Refusal::new(
            Code::Unavailable,
            "Tệp chưa được lưu; đề nghị gửi lại.",
            "The file was not stored: send it again.",
        )
    };
    Problem::of(&refusal, language)
}

pub(super) fn not_read(error: &ObjectError, digest: &Digest, language: Language) -> Problem {
    if !matches!(error, ObjectError::Damaged(_)) {
        tracing::error!(%error, %digest, "an attachment was not read");
        let words = "Chưa đọc được tệp; đề nghị thử lại.";
        return Problem::of(
            &Refusal::new(Code::Unavailable, words, "The file cannot be read: try again."),
            language,
        );
    }
    tracing::error!(%error, %digest, alert = true, "ATTACHMENT_DAMAGED: an attachment is not what was stored");
    Problem::of_edge(
        &refused::ATTACHMENT_DAMAGED,
        (
            "Tệp lưu không còn đúng mã băm nên không được giao ra; ai còn bản gốc thì tải lên lại, tệp sẽ được khôi phục.",
            "What is stored does not have the digest any more and is not handed out. Who has the original uploads it again: that restores it.",
        ),
        language,
    )
}
