// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Vnodes;

namespace Hammer2.Fuse;

public sealed partial class Hammer2FileSystem
{
    // The result of a read. Damage is logged with the object in which it was found.
    private int ReadResult(ulong node, Errno error)
    {
        if (error == Errno.EIO) _vnodes.ReportDamage(node);
        return (int)error;
    }
}
