//! How large and how complicated a document may be.

/// Caps that are checked before a document is parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the decoded document.
    pub bytes: usize,
    /// Elements and texts.
    pub nodes: u32,
    /// Elements inside one another.
    pub depth: u32,
    /// Attributes of one element, namespace declarations included.
    pub attributes: u32,
    /// Namespace declarations of the whole document.
    pub namespaces: u32,
}

impl Limits {
    /// For a response: 256 KiB (an organization's may be larger), 8,000 nodes, 24 levels.
    pub const RESPONSE: Self =
        Self { bytes: 256 * 1024, nodes: 8_000, depth: 24, attributes: 24, namespaces: 64 };

    /// For metadata, which describes more than sign-in: 1 MiB, and namespaces by the thousand (AD FS declares
    /// one on each claim type that it offers).
    pub const METADATA: Self =
        Self { bytes: 1024 * 1024, nodes: 40_000, depth: 24, attributes: 24, namespaces: 4_000 };
}

impl Default for Limits {
    fn default() -> Self {
        Self::RESPONSE
    }
}
