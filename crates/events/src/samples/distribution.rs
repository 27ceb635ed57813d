//! Examples of to whom documents go.

use chrono::TimeDelta;

use super::{Sample, call_end};
use crate::distribution::{DeliveryRecorded, DistributionRecorded, Purpose, ReceiptRecorded, Recipient};

impl Sample for DistributionRecorded {
    fn sample() -> Self {
        let recipient = |name: &str, agency: Option<&str>, purpose| Recipient {
            name: name.to_owned(),
            agency: agency.map(Into::into),
            group: None,
            purpose,
        };
        let department = recipient("Sở Xây dựng", Some("SXD"), Purpose::Action);
        Self {
            distribution: 1,
            issuer: "SNNMT".into(),
            document: "118/BC-SNNMT".to_owned(),
            sent_at: call_end() + TimeDelta::hours(12),
            recipients: vec![
                recipient("Thường trực Tỉnh ủy", Some("TU"), Purpose::Bc),
                Recipient { group: Some("cac-so".to_owned()), ..department },
                recipient("Công ty Điện lực Bình Minh", None, Purpose::Action),
                recipient("VT", None, Purpose::Archive),
            ],
        }
    }
}

impl Sample for DeliveryRecorded {
    fn sample() -> Self {
        Self { distribution: 1, recipient: 2, delivered_at: call_end() + TimeDelta::hours(13) }
    }
}

impl Sample for ReceiptRecorded {
    fn sample() -> Self {
        Self { distribution: 1, recipient: 2, received_at: call_end() + TimeDelta::hours(14) }
    }
}
