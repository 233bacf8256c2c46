// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Format;

/// <summary>Extended attributes that mean something to this driver, as they are stored beside the kind of a
/// record.</summary>
[Flags]
public enum AttributeKinds
{
    /// <summary>None of them.</summary>
    None = 0,

    /// <summary>An access ACL.</summary>
    AccessAcl = 0x10,

    /// <summary>A default ACL.</summary>
    DefaultAcl = 0x20,

    /// <summary>Capabilities of a program.</summary>
    Capability = 0x40,

    /// <summary>All of them.</summary>
    All = AccessAcl | DefaultAcl | Capability,
}
