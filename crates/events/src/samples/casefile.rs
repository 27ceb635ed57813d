//! Examples of the stage casefile.

use super::Sample;
use crate::casefile;

impl Sample for casefile::CaseWithdrawn {
    fn sample() -> Self {
        Self {
            document: Sample::sample(), reason: Some("Vụ việc đã được giải quyết tại chỗ.".to_owned())
        }
    }
}

impl Sample for casefile::CancellationProposed {
    fn sample() -> Self {
        Self { proposal: 1, reason: casefile::CancellationReason::CallerNotGenuine, note: None }
    }
}

impl Sample for casefile::CaseCancelled {
    fn sample() -> Self {
        Self { proposal: 1, reason: casefile::CancellationReason::CallerNotGenuine }
    }
}
