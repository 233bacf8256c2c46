// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Admin;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Cluster.Members;

/// <summary>Nodes in files.</summary>
internal sealed class MemberFiles : IDisposable
{
    private const string Label = NewVolume.ClusterLabel;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("hammer2-members");
    private readonly List<int> _made = [];
    private ulong _mounts;

    public MemberFiles(int nodes)
    {
        for (int node = 0; node < Media.NodesMax; node++) Paths.Add(Path.Combine(_directory.FullName, $"n{node}"));
        _made.AddRange(Enumerable.Range(0, nodes));
        if (nodes > 1) NewVolume.ClusterInFiles(Paths[..nodes], 256L << 20);
        else AssertRun("newfs", "-s", "256m", "-L", Label, Paths[0]);
        using VolumeSet volumes = MediaSource.Open([Paths[0]], new MediaSourceOptions(), NullLogger.Instance);
        ClusterId = Hammer2.Admin.PfsCatalog.Read(volumes).Records
            .Single(pfs => pfs.Label.AsSpan().SequenceEqual(System.Text.Encoding.ASCII.GetBytes(Label)))
            .Meta.PfsClusterId;
    }

    public List<string> Paths { get; } = [];

    public MediaUuid ClusterId { get; }

    /// <summary>Ids of commits differ from mount to mount.</summary>
    public ulong NextSeed() => ++_mounts;

    public void Join(int node)
    {
        AssertRun("newfs", "-s", "256m", "--join", Paths[0] + "@" + Label, Paths[node]);
        _made.Add(node);
    }

    /// <summary>Every path of a PFS with what is stored of it, but for times.</summary>
    public string ListingOf(int node, string label)
    {
        ToolRun run = ToolRun.Execute("tree", "--json", $"{Paths[node]}@{label}");
        Assert.True(run.ExitCode == 0, run.ToString());
        return run.Text;
    }

    /// <summary>The label of the only snapshot that keeps what a node held alone.</summary>
    public string KeptOn(int node)
    {
        using VolumeSet volumes = MediaSource.Open([Paths[node]], new MediaSourceOptions(), NullLogger.Instance);
        return Hammer2.Admin.PfsCatalog.Read(volumes).Records
            .Select(pfs => System.Text.Encoding.ASCII.GetString(pfs.Label))
            .Single(label => label.StartsWith(Label + ".kept.", StringComparison.Ordinal));
    }

    /// <summary>Bytes that bulkfree leaves allocated.</summary>
    public long AllocatedOf(int node)
    {
        for (int pass = 0; pass < 2; pass++) AssertRun("bulkfree", Paths[node]);
        using VolumeSet volumes = MediaSource.Open([Paths[node]], new MediaSourceOptions(), NullLogger.Instance);
        return (long)(volumes.Header.Fields.AllocatorBytes - volumes.Header.Fields.AllocatorFree);
    }

    public void AssertClean()
    {
        foreach (int node in _made) AssertRun("fsck", Paths[node]);
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private static void AssertRun(params string[] arguments)
    {
        ToolRun run = ToolRun.Execute(arguments);
        Assert.True(run.ExitCode == 0, run.ToString());
    }
}
