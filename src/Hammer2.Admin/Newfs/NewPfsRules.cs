// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;
using Linux.Text;

namespace Hammer2.Admin.Newfs;

/// <summary>The rules for the PFSs of a new filesystem.</summary>
internal static class NewPfsRules
{
    private const int ZlibLevelMax = 9;

    /// <summary>Rejects a list of PFSs that breaks a rule.</summary>
    /// <exception cref="NewfsException">A label, method or number breaks a rule, or there are too
    /// many.</exception>
    internal static void Check(IReadOnlyList<NewPfs> pfses)
    {
        if (pfses.Count is < 1 or > NewFilesystem.PfsesMax)
        {
            throw new NewfsException($"{pfses.Count} PFSs, {NewPfs.LocalLabel} included; a filesystem can be made "
                + $"with 1 to {NewFilesystem.PfsesMax}, more can be added to it afterwards");
        }
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var clusters = new HashSet<MediaUuid>();
        foreach (NewPfs pfs in pfses)
        {
            CheckOne(pfs);
            if (!seen.Add(pfs.Label)) throw new NewfsException($"label {pfs.Label} is given twice");
            if (!clusters.Add(pfs.ClusterId))
                throw new NewfsException($"PFS {pfs.Label}: another PFS has the same cluster id, {pfs.ClusterId}");
        }
    }

    private static void CheckOne(NewPfs pfs)
    {
        int bytes = ByteText.ByteCount(pfs.Label);
        if (bytes is < 1 or > Media.NameBytesMax)
            throw new NewfsException($"label '{pfs.Label}' has {bytes} bytes; a label has 1 to {Media.NameBytesMax}");
        if (pfs.Label.Contains('\0', StringComparison.Ordinal))
            throw new NewfsException($"label '{pfs.Label}' has a NUL in it");
        if (pfs.Compression > CompressionMethod.Zlib)
            throw new NewfsException($"PFS {pfs.Label}: compression {pfs.Compression} does not exist");
        int levelMax = pfs.Compression == CompressionMethod.Zlib ? ZlibLevelMax : 0;
        if (pfs.CompressionLevel < 0 || pfs.CompressionLevel > levelMax)
        {
            throw new NewfsException(
                $"PFS {pfs.Label}: level {pfs.CompressionLevel}; zlib has 1 to {ZlibLevelMax}, others none");
        }
        if (pfs.Check > CheckMethod.Sha192)
            throw new NewfsException($"PFS {pfs.Label}: check {pfs.Check} cannot be a policy");
        if (pfs.Masters is < 0 or > Media.NodesMax)
        {
            throw new NewfsException(
                $"PFS {pfs.Label}: {pfs.Masters} masters; a cluster has at most {Media.NodesMax} nodes");
        }
    }
}
