// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Fuse.Administration;

/// <summary>The type of a parameter, and its form in requests.</summary>
internal enum ParameterType
{
    /// <summary>A label of 1 to 255 bytes, without NUL.</summary>
    Label,

    /// <summary>The name of a hold; see <see cref="PfsHolds.IsName"/>.</summary>
    Hold,

    /// <summary>An absolute path of up to 4095 bytes, without NUL.</summary>
    Path,

    /// <summary>An absolute path, or the address of a device of a server.</summary>
    Device,

    /// <summary>An unsigned number of 64 bits, decimal or hexadecimal with 0x.</summary>
    Number,

    /// <summary>A UUID in the usual form.</summary>
    Uuid,

    /// <summary>yes or no; in JSON also true or false.</summary>
    Flag,
}
