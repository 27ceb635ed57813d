//! Examples of the stage confirmation.

use super::Sample;
use crate::confirmation;

impl Sample for confirmation::CallbackVerified {
    fn sample() -> Self {
        Self { intake: 1, note: Some("Gọi lại số trong danh bạ, đúng người".to_owned()) }
    }
}

impl Sample for confirmation::CallbackFailed {
    fn sample() -> Self {
        Self { intake: 1, note: Some("Cơ quan không biết về cuộc gọi".to_owned()) }
    }
}

impl Sample for confirmation::CallbackUnreachable {
    fn sample() -> Self {
        Self { intake: 1, note: None }
    }
}

impl Sample for confirmation::WrittenReceived {
    fn sample() -> Self {
        Self { intake: 1, document: Sample::sample(), key_facts: Sample::sample(), late: true }
    }
}

/// Verdicts that are all the same but for the scale.
fn verdicts(scale: confirmation::Comparison) -> confirmation::Verdicts {
    let same = || confirmation::Verdict { verdict: confirmation::Comparison::Same, note: None };
    confirmation::Verdicts {
        what: same(),
        place: same(),
        since_when: same(),
        scale: confirmation::Verdict { verdict: scale, note: Some("Văn bản nêu 42 lồng".to_owned()) },
        actions_taken: same(),
        request: same(),
    }
}

impl Sample for confirmation::WrittenMatched {
    fn sample() -> Self {
        Self { intake: 1, verdicts: verdicts(confirmation::Comparison::Refined) }
    }
}

impl Sample for confirmation::WrittenDiscrepant {
    fn sample() -> Self {
        Self { intake: 1, verdicts: verdicts(confirmation::Comparison::Changed) }
    }
}

impl Sample for confirmation::DiscrepancyExplained {
    fn sample() -> Self {
        Self {
            intake: 1, explanation: 1, text: "Số liệu trong cuộc gọi là ước tính ban đầu.".to_owned()
        }
    }
}

impl Sample for confirmation::WrittenReconciled {
    fn sample() -> Self {
        Self { intake: 1, explanation: 1, prevails: confirmation::Version::Written, note: None }
    }
}

impl Sample for confirmation::CorrectedRequested {
    fn sample() -> Self {
        Self { intake: 1, reason: "Đề nghị nêu rõ thời điểm bắt đầu.".to_owned() }
    }
}
