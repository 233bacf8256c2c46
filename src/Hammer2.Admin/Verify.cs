// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Devices;
using Hammer2.Format;
using Linux.Text;

namespace Hammer2.Admin;

/// <summary>
/// Reads all reachable blocks of a filesystem, verifies every check code, decodes every data block, and reports which
/// files of which PFS are affected by damage.
/// </summary>
public static class Verify
{
    // Finding paths reads all directories of a PFS again. More damaged PFSs than this share the damage, or the device
    // is failing.
    private const int PfsesNamedMax = 256;

    /// <summary>Verifies one filesystem. Nothing is written; damage never throws.</summary>
    public static VerifyReport Run(VolumeSet volumes, VerifyOptions options)
    {
        ArgumentNullException.ThrowIfNull(volumes);
        ArgumentNullException.ThrowIfNull(options);
        var report = new VerifyReport { Headers = Headers(volumes) };
        var visitor = new VerifyVisitor(report, options);
        var walker = new MediaWalker(volumes);
        walker.WalkTopology(visitor);
        walker.WalkFreemap(visitor);
        report.Faults = visitor.Faults;
        NamePaths(volumes, visitor, options.PathsMax);
        return report;
    }

    private static List<HeaderFinding> Headers(VolumeSet volumes)
    {
        var findings = new List<HeaderFinding>();
        byte[] block = new byte[Media.VolumeHeaderBytes];
        foreach (Volume volume in volumes.Volumes)
        {
            foreach (VolumeHeaderCopy copy in volume.Copies.Copies)
            {
                bool isBlank = copy.Header is null
                    && volume.Device.Read(copy.Offset, block) == Hammer2Error.None
                    && BlockCodec.IsAllZero(block);
                findings.Add(new HeaderFinding(volume.Device.Name, copy, isBlank));
            }
        }
        return findings;
    }

    private static void NamePaths(VolumeSet volumes, VerifyVisitor visitor, int pathsMax)
    {
        var byPfs = new Dictionary<ulong, List<VerifyFault>>();
        foreach (VerifyFault fault in visitor.Faults)
        {
            if (fault.PfsKey == 0) continue;
            if (visitor.Labels.TryGetValue(fault.PfsKey,
                out byte[]? label)) fault.Label = ByteText.Decode(label);
            if (!byPfs.TryGetValue(fault.PfsKey, out List<VerifyFault>? faults)) byPfs.Add(fault.PfsKey, faults = []);
            faults.Add(fault);
        }
        int named = 0;
        foreach ((ulong key, List<VerifyFault> faults) in byPfs)
        {
            if (++named > PfsesNamedMax) break;
            new PathFinder(volumes, key).Find(faults, pathsMax);
        }
    }
}
