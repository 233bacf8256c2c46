// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Vnodes;

namespace Hammer2.Fuse;

public sealed partial class Hammer2FileSystem
{
    // The answer to a read. Damage is logged with the object that it was met in.
    private int Told(ulong node, Errno error)
    {
        if (error == Errno.EIO) _vnodes.ReportDamage(node);
        return (int)error;
    }
}
