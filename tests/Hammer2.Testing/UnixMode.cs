// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Testing;

/// <summary>Modes of files as constants: permissions are named after their octal digits, types as in stat(2). C# has no
/// octal literals.</summary>
public static class UnixMode
{
    /// <summary>The permission bits of a mode, with set-id and sticky bits.</summary>
    public const int PermissionBits = O7777;

    /// <summary>S_IFIFO.</summary>
    public const int Fifo = 0x1000;

    /// <summary>S_IFCHR.</summary>
    public const int CharacterDevice = 0x2000;

    /// <summary>S_IFDIR.</summary>
    public const int Directory = 0x4000;

    /// <summary>S_IFBLK.</summary>
    public const int BlockDevice = 0x6000;

    /// <summary>S_IFREG.</summary>
    public const int RegularFile = 0x8000;

    /// <summary>S_IFSOCK.</summary>
    public const int Socket = 0xC000;

    public const int O111 = 0x049;
    public const int O444 = 0x124;
    public const int O500 = 0x140;
    public const int O600 = 0x180;
    public const int O640 = 0x1A0;
    public const int O644 = 0x1A4;
    public const int O666 = 0x1B6;
    public const int O700 = 0x1C0;
    public const int O750 = 0x1E8;
    public const int O755 = 0x1ED;
    public const int O777 = 0x1FF;
    public const int O1000 = 0x200;
    public const int O1777 = 0x3FF;
    public const int O2000 = 0x400;
    public const int O2644 = 0x5A4;
    public const int O2777 = 0x5FF;
    public const int O4000 = 0x800;
    public const int O6777 = 0xDFF;
    public const int O7777 = 0xFFF;
}
