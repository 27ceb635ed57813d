//! A certificate of one's own, by openssl.

use std::path::Path;
use std::process::Command;

/// `cert.pem` and `key.pem` for localhost.
pub(super) fn make(folder: &Path) {
    let output = Command::new("openssl")
        .current_dir(folder)
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
        ])
        .args(["-subj", "/CN=localhost", "-keyout", "key.pem", "-out", "cert.pem"])
        .args(["-addext", "subjectAltName=DNS:localhost"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .output()
        .expect("openssl starts");
    assert!(output.status.success(), "openssl: {}", String::from_utf8_lossy(&output.stderr));
}
