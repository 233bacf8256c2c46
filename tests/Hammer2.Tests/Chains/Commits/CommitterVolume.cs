// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using Hammer2.Chains;
using Hammer2.Chains.Commits;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Crash;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Chains.Commits;

/// <summary>One device, opened for writing, with two PFSs that are written side by side.</summary>
internal sealed class CommitterVolume : IDisposable
{
    /// <summary>One copy of the header.</summary>
    public const long SmallBytes = 64L << 20;

    /// <summary>Two copies.</summary>
    public const long TwoHeadersBytes = (2L << 30) + (64L << 20);

    public const string First = "LOCAL";
    public const string Second = NewVolume.Label;

    private static readonly int[] s_sizes = [1 << 10, 4 << 10, 16 << 10, 64 << 10];

    private readonly IBlockDevice _disk;

    public CommitterVolume(
        IBlockDevice disk, TimeProvider? time = null, ILogger<MediaDevice>? logger = null, bool keepsRecord = false)
    {
        _disk = disk;
        Device = Open(disk, logger);
        Device.KeepsPreparedRecord = keepsRecord;
        Assert.Equal(Hammer2Error.None, Device.OpenForWriting(time));
        A = new CommitterClient(Device, First);
        B = new CommitterClient(Device, Second);
    }

    public MediaDevice Device { get; }

    public MediaCommitter Committer => Device.Committer!;

    public CommitterClient A { get; }

    public CommitterClient B { get; }

    public static MediaDevice Open(IBlockDevice disk, ILogger<MediaDevice>? logger = null) => new(
        VolumeSet.Open([new UnownedDevice(disk)]), new MediaCaches(8 << 20),
        logger ?? NullLogger<MediaDevice>.Instance);

    /// <summary>A drawn change of a drawn file.</summary>
    public static void Change(SeededRandom random, CommitterClient client)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"f{random.Below(24)}");
        if (random.OneIn(4)) client.Remove(name);
        else Assert.Equal(Hammer2Error.None, client.Put(name, Content(random)));
    }

    public static byte[] Content(SeededRandom random, int bytes = 0)
    {
        byte[] content = new byte[bytes == 0 ? random.Pick<int>(s_sizes) : bytes];
        random.Fill(content);
        return content;
    }

    /// <summary>Both PFSs are as they were committed last, in memory and to a reader that opens the device anew, and
    /// the checker finds nothing.</summary>
    public void AssertBothAsCommitted(string place)
    {
        Assert.Equal((A.Committed, B.Committed), (A.Read(), B.Read()));
        AssertOnMedia(_disk, A.Committed, B.Committed, place);
    }

    public static void AssertOnMedia(IBlockDevice disk, string first, string second, string place)
    {
        using (MediaDevice reader = Open(disk))
        {
            Assert.Equal(first, CommitterClient.Read(reader, reader.RootChain, First));
            Assert.Equal(second, CommitterClient.Read(reader, reader.RootChain, Second));
        }
        MediaAudit.AssertSound(disk, place);
    }

    public void Dispose()
    {
        Committer.Detach(A);
        Committer.Detach(B);
        Device.Dispose();
    }
}
