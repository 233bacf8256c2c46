// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Format;

/// <summary>BSD file flags as stored.</summary>
/// <remarks>Upstream: <c>chflags(2)</c> values.</remarks>
[Flags]
public enum FileFlags : uint
{
    /// <summary>No flag.</summary>
    None = 0,

    /// <summary>dump(8) leaves the file out.</summary>
    UserNoDump = 0x0000_0001,

    /// <summary>The owner made the file immutable.</summary>
    UserImmutable = 0x0000_0002,

    /// <summary>The owner made the file append-only.</summary>
    UserAppend = 0x0000_0004,

    /// <summary>The owner forbade removal and renaming.</summary>
    UserNoUnlink = 0x0000_0010,

    /// <summary>The super-user made the file immutable.</summary>
    SystemImmutable = 0x0002_0000,

    /// <summary>The super-user made the file append-only.</summary>
    SystemAppend = 0x0004_0000,

    /// <summary>The super-user forbade removal and renaming.</summary>
    SystemNoUnlink = 0x0010_0000,
}
