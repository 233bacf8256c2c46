// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Snapshots.Diff;

/// <summary>In what an object differs. Change time, access time, and the number of links are not compared: a rename of
/// the object changes the first, reading the second, and names are differences by themselves.</summary>
[Flags]
public enum DifferenceDetails
{
    /// <summary>In nothing.</summary>
    None = 0,

    /// <summary>Size or bytes of a file, or the target of a symbolic link.</summary>
    Content = 0x001,

    /// <summary>Permission bits.</summary>
    Mode = 0x002,

    /// <summary>Owner.</summary>
    Owner = 0x004,

    /// <summary>Group.</summary>
    Group = 0x008,

    /// <summary>File flags, as immutable.</summary>
    Flags = 0x010,

    /// <summary>Number of the device that a device node stands for.</summary>
    DeviceNumber = 0x020,

    /// <summary>Modification time: of a directory, that names in it changed.</summary>
    ModifyTime = 0x040,

    /// <summary>Compression of new blocks.</summary>
    Compression = 0x080,

    /// <summary>Check method of new blocks.</summary>
    CheckMethod = 0x100,

    /// <summary>Extended attributes, ACLs among them.</summary>
    ExtendedAttributes = 0x200,
}
