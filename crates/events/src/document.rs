//! The register of documents: one aggregate for each document, over all cases.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ids::CaseId, terms::Document};

/// A document became known to the system, together with the fact of the case that brought it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Registered {
    /// The document.
    pub document: Document,
    /// The case that brought it.
    pub case: CaseId,
}
