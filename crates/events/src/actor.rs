//! Who did it, and in which capacity.

use crate::ids::{AgencyId, DelegationId, OfficeId, OfficerId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
    /// *Thừa ủy quyền*: by a delegation to the person.
    Tuq(DelegationId),
    /// *Quyền*: acting head.
    Q,
    /// As the focal unit under a delegation.
    Focal(DelegationId),
}

impl Capacity {
    /// The delegation by which somebody acts, if he does.
    pub fn delegation(&self) -> Option<DelegationId> {
        match self {
            Self::Tuq(id) | Self::Focal(id) => Some(*id),
            Self::Direct | Self::Kt | Self::Tl | Self::Q => None,
        }
    }

    /// Its name: `direct`, `kt`, `tl`, `tuq`, `q` or `focal`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Kt => "kt",
            Self::Tl => "tl",
            Self::Tuq(_) => "tuq",
            Self::Q => "q",
            Self::Focal(_) => "focal",
        }
    }
}
