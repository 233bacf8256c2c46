// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Cluster;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Crash;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Hammer2.Tests.Transactions;

/// <summary>Changes that could not be committed are counted, logged once, and passed on.</summary>
public sealed class LeftOutReportTests
{
    [Fact]
    public void All_inodes_are_told_of_with_the_one_that_is_the_cause()
    {
        using MemoryBlockDevice disk = NewVolume.InMemory();
        var log = new LogCapture();
        using ClusterMount mount = RecordedScript.Mount([disk], NewVolume.Label, loggers: log);
        var report = new LeftOutReport(mount.Pfs.ClusterNodes);
        using var gate = new TransactionGate();
        DirtyInode inode = TestInodes.Make(0x321);
        Assert.True(gate.TryAdd(inode));
        var cause = new UnreadableInode(inode.Freeze(), Hammer2Error.Check);
        LeftOutInode[] lost = [new(0x321), new(5)];
        report.Tell(lost, cause);
        Assert.Equal(2, report.Total);
        IReadOnlyList<LeftOutInode>? told = null;
        report.LeftOut = inodes => told = inodes;
        report.Tell(lost, cause);
        Assert.Equal(4, report.Total);
        Assert.Same(lost, told);
        string[] lines = [.. log.Lines(LogLevel.Error)];
        Assert.Equal(2, lines.Length);
        Assert.Contains($"PFS {NewVolume.Label}: changes of 2 objects", lines[0], StringComparison.Ordinal);
        Assert.Contains("0x321", lines[0], StringComparison.Ordinal);
    }
}
