// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using Hammer2.Cluster;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Model;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Crash;

/// <summary>
/// Goal: whenever power fails, the volume opens, shows the last acknowledged sync or a later whole state, every
/// block of it sound and marked in use, and can be written on.
/// Method: a drawn script is recorded once; then all devices are cut off at one moment, again and again, with
/// writes that no flush covered kept, lost, torn and reordered. Half of the scripts call fsync on single objects, too:
/// then each operation must be there as a whole or not at all. HAMMER2_SEED=n replays one script;
/// HAMMER2_POWER_CUTS=n tries at least n cuts in all instead of about 600.
/// </summary>
public sealed class PowerLossTests(ITestOutputHelper output)
{
    private const long ManyHeaders = (4L << 30) + (8 << 20);
    private const long OneHeader = 256L << 20;
    private const int CutsUsual = 640;
    private const int Scripts = 16;

    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(ScriptsWanted));

    private static int CutsWanted =>
        Environment.GetEnvironmentVariable("HAMMER2_POWER_CUTS") is { Length: > 0 } text
            ? int.Parse(text, CultureInfo.InvariantCulture)
            : CutsUsual;

    private static int ScriptsWanted => Math.Max(Scripts, CutsWanted / 200);

    [Theory, MemberData(nameof(Seeds))]
    public void A_cut_leaves_a_whole_state(ulong seed)
    {
        var random = new SeededRandom(seed);
        int nodes = seed % 2 == 0 ? 3 : 1;
        long length = random.OneIn(2) ? ManyHeaders : OneHeader;
        bool syncsObjects = random.OneIn(2);
        RecordedScript script = RecordedScript.Play(random, nodes, length, 20 + random.Below(100), syncsObjects);
        var cuts = new PowerCuts(script.History);
        int perScript = (CutsWanted + ScriptsWanted - 1) / ScriptsWanted;
        int span = script.History.Events.Count - script.FirstCut;
        int[] positions = [.. Enumerable.Range(0, perScript)
            .Select(_ => script.FirstCut + 1 + random.Below(span)).Order()];
        int tried = 0;
        foreach (int position in positions)
        {
            cuts.AdvanceTo(position);
            string place = $"seed {seed}, {nodes} nodes of {length} bytes, cut after event {position} of "
                + $"{script.History.Events.Count}";
            OverlayBlockDevice[] devices = cuts.Cut(random);
            Judge(script, position, devices, random, place, isPrefix: !syncsObjects);
            tried++;
        }
        output.WriteLine($"{tried} cuts in {script.History.Events.Count} events");
    }

    private static void Judge(
        RecordedScript script, int position, OverlayBlockDevice[] devices, SeededRandom random, string place,
        bool isPrefix)
    {
        string found = ReadOnly(script, devices, place, out Dictionary<ulong, string> objects);
        string? breach = script.Judge(position, objects);
        Assert.True(breach is null, $"{place}: {breach}");
        bool isWhole = !isPrefix;
        foreach (string state in script.StatesAt(position)) isWhole |= state == found;
        if (!isWhole)
        {
            string nearest = script.StatesAt(position)[^1];
            Assert.Fail($"{place}: a state that never was; {TreeListing.Difference(nearest, found)}");
        }
        GoesOn(script, devices, found, random, place);
        // And once more, in the middle of what is done first after a failure.
        if (!random.OneIn(4)) return;
        Assert.Equal(found, ReadOnly(script, devices, place, out _));
    }

    private static string ReadOnly(
        RecordedScript script, OverlayBlockDevice[] devices, string place, out Dictionary<ulong, string> objects)
    {
        long[] used = [.. devices.Select(device => device.UsedBytes)];
        Audit(devices, place);
        string listing;
        using (ClusterMount mount = RecordedScript.Mount(devices, script.Label))
        {
            var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
            listing = TreeListing.Of(ops, script.Root);
            objects = ObjectListing.Of(ops, script.Root);
            Assert.True(mount.Pfs.RepairedReads == 0, $"{place}: a node had to answer for another");
        }
        Assert.Equal(used, devices.Select(device => device.UsedBytes));
        return listing;
    }

    private static void Audit(OverlayBlockDevice[] devices, string place)
    {
        foreach (OverlayBlockDevice device in devices) MediaAudit.AssertSound(device, $"{place}, {device.Name}");
    }

    /// <summary>Writes on after the failure, and reads all of it back.</summary>
    private static void GoesOn(
        RecordedScript script, OverlayBlockDevice[] devices, string found, SeededRandom random, string place)
    {
        byte[] content = new byte[random.Below(150_000)];
        random.Fill(content);
        using (ClusterMount mount = RecordedScript.Mount(devices, script.Label))
        {
            Hammer2Error opened = mount.Pfs.OpenForWriting(RecordedScript.Options(random.NextUInt64()));
            Assert.True(opened == Hammer2Error.None, $"{place}: {opened}");
            var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
            Assert.Equal(found, TreeListing.Of(ops, script.Root));
            if (random.OneIn(3))
                Assert.Equal(Hammer2Error.None, mount.Pfs.Writer!.Reclaim(default, out _));
            for (int i = 0; i < 3; i++)
            {
                Errno error = ops.Create(
                    VnodeOps.RootInum, Encoding.ASCII.GetBytes($"after{i}"),
                    new NewObject(ObjectType.RegularFile, UnixMode.O644), new Credentials(0, 0),
                        out VnodeAttributes made);
                Assert.Equal(Errno.None, error);
                if (content.Length > 0) Assert.Equal(Errno.None, ops.Write(made.Inum, 0, content, false, false));
                Assert.Equal(Errno.None, ops.Sync());
            }
        }
        Audit(devices, place);
        using ClusterMount again = RecordedScript.Mount(devices, script.Label);
        var read = new VnodeOps(again.Pfs, NullLogger<VnodeOps>.Instance);
        Assert.Equal(found, TreeListing.Of(read, script.Root));
        Assert.Equal(Errno.None, read.Lookup(VnodeOps.RootInum, "after2"u8, out VnodeAttributes last));
        byte[] back = new byte[content.Length];
        Assert.Equal(Errno.None, read.Read(last.Inum, 0, back, out _));
        Assert.Equal(content, back);
    }
}
