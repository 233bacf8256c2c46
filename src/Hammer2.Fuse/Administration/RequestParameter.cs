// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Fuse.Administration;

/// <summary>The type of a parameter, and its form in requests.</summary>
internal enum ParameterType
{
    /// <summary>A label of 1 to 255 bytes, without NUL.</summary>
    Label,

    /// <summary>An unsigned number of 64 bits, decimal or hexadecimal with 0x.</summary>
    Number,

    /// <summary>A UUID in the usual form.</summary>
    Uuid,

    /// <summary>yes or no; in JSON also true or false.</summary>
    Flag,
}

/// <summary>A parameter of a request.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type.</param>
/// <param name="Summary">What it means, for people.</param>
/// <param name="IsRequired">True when every request needs it.</param>
internal sealed record RequestParameter(string Name, ParameterType Type, string Summary, bool IsRequired = false);
