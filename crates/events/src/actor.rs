//! Who did it, and in which capacity.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids::{AgencyId, OfficeId, OfficerId};

/// Who recorded a fact (DOMAIN §3.7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// An officer, in an office of an agency.
    Person {
        /// The person.
        officer: OfficerId,
        /// The office in which the person acted.
        office: OfficeId,
        /// The agency of that office.
        agency: AgencyId,
        /// By what right.
        capacity: Capacity,
    },
    /// A service's own timer or rule, e.g. `routing`.
    System {
        /// The service.
        service: String,
    },
}

/// By what right a person acts for an office (DOMAIN §2; Decree 30/2020 art. 13).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Capacity {
    /// In one's own office.
    Direct,
    /// *Ký thay*: a deputy for the head.
    Kt,
    /// *Thừa lệnh*: by order.
    Tl,
    /// *Thừa ủy quyền*: by delegation of signature.
    Tuq,
    /// *Quyền*: acting head.
    Q,
    /// As the focal unit under a delegation.
    Focal(Uuid),
}
