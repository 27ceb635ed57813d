//! To whom documents go (plan, *Nơi nhận*): the same for a document of a case, a report, a directive or minutes.
//!
//! Each kind of record that sends documents has events of its own with these contents.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Timestamp, ids::AgencyId};

/// A document went to recipients (command 45; plan, *Nơi nhận*).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DistributionRecorded {
    /// The distribution's number within the case.
    pub distribution: u32,
    /// The agency that issued the document.
    pub issuer: AgencyId,
    /// Number and symbol of the document, as they are printed.
    pub document: String,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// To whom: every single one, with the name of that time; groups are expanded.
    pub recipients: Vec<Recipient>,
}

/// A recipient of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Recipient {
    /// The recipient, as it is printed under *Nơi nhận*; an agency by the name that it had when the document was sent.
    pub name: String,
    /// The agency; absent for a recipient outside, and for a copy in the issuer's own archive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agency: Option<AgencyId>,
    /// The group, by its code in the policy, as a member of which it was meant; absent where it was named itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// For what.
    #[serde(default)]
    pub purpose: Purpose,
}

/// For what a document is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "RecipientPurpose")]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// To act on, or to know.
    #[default]
    Action,
    /// *b/c, để báo cáo*: to report upwards.
    Bc,
    /// *Lưu*: a copy for the archive.
    Archive,
}

/// A document was delivered to a recipient (command 45): it has come to the house, which says of nobody that he has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeliveryRecorded {
    /// The distribution.
    pub distribution: u32,
    /// Which of its recipients, counted from 1.
    pub recipient: u32,
    /// When it was delivered.
    pub delivered_at: Timestamp,
}

/// A recipient has received a document (command 45).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReceiptRecorded {
    /// The distribution.
    pub distribution: u32,
    /// Which of its recipients, counted from 1.
    pub recipient: u32,
    /// When it was received.
    pub received_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipient_from_before_agencies_and_groups_were_stored_is_read_as_a_name() {
        let old = r#"{
            "distribution": 1, "issuer": "SNNMT", "document": "118/BC-SNNMT", "sent_at": "2026-05-17T03:00:00Z",
            "recipients": [{ "name": "Thường trực Tỉnh ủy", "purpose": "bc" }, { "name": "VT", "purpose": "archive" }]
        }"#;
        let read: DistributionRecorded = serde_json::from_str(old).expect("a fact of version 1");
        let first = &read.recipients[0];
        assert_eq!((first.name.as_str(), first.purpose), ("Thường trực Tỉnh ủy", Purpose::Bc));
        assert!(read.recipients.iter().all(|each| each.agency.is_none() && each.group.is_none()));
        // Written again it is what it was: nothing is added to it.
        let again = serde_json::to_value(&read).expect("JSON");
        assert_eq!(again, serde_json::from_str::<serde_json::Value>(old).expect("JSON"));
    }
}
