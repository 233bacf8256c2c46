// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using System.Security.Cryptography;
using Concurrency;
using Hammer2.Cluster;
using Hammer2.Cluster.PfsRoots;
using Hammer2.Format;

namespace Hammer2.Fuse;

/// <summary>Changes the lists of PFSs of the filesystems that a process serves: one change at a time, and none while a
/// PFS is being mounted.</summary>
/// <param name="turn">Held while a PFS is being mounted.</param>
/// <param name="filesystems">The open filesystems, which know what is in use.</param>
/// <param name="time">The clock.</param>
internal sealed class PfsListAccess(RankedLock turn, OpenFilesystems filesystems, TimeProvider time)
{
    /// <summary>Carries out a change.</summary>
    /// <param name="pfs">The mounted PFS through which it is made.</param>
    /// <param name="change">The change.</param>
    public Hammer2Error Change(Pfs pfs, Func<PfsAdministration, Hammer2Error> change)
    {
        using (turn.EnterScope())
            return change(new PfsAdministration(pfs, filesystems.FindUser, time, RandomBits));
    }

    private static ulong RandomBits() =>
        BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(sizeof(ulong)));
}
