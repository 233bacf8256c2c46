// SPDX-License-Identifier: BSD-3-Clause
using System.Diagnostics.CodeAnalysis;

namespace Hammer2.Format;

/// <summary>The namespace of an extended attribute, as it is stored: it stands for the start of the name.</summary>
[SuppressMessage("Naming", "CA1711", Justification = "The term of xattr(7).")]
public enum AttributeNamespace : byte
{
    /// <summary>No namespace that can be stored.</summary>
    None = 0,

    /// <summary><c>user.</c></summary>
    User = 1,

    /// <summary><c>system.posix_acl_access</c>, without anything after it.</summary>
    AccessAcl = 2,

    /// <summary><c>system.posix_acl_default</c>, without anything after it.</summary>
    DefaultAcl = 3,

    /// <summary><c>trusted.</c></summary>
    Trusted = 4,

    /// <summary><c>security.</c></summary>
    Security = 5,
}
