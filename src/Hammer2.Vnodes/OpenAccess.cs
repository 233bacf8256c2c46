// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Vnodes;

/// <summary>The access mode of open(2).</summary>
[Flags]
public enum OpenAccess
{
    /// <summary>Reading.</summary>
    Read = 0,

    /// <summary>Writing.</summary>
    Write = 1,

    /// <summary>Appending only, O_APPEND.</summary>
    Append = 2,

    /// <summary>Truncating, O_TRUNC.</summary>
    Truncate = 4,
}
