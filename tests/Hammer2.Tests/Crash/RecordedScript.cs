// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Hammer2.Cluster;
using Hammer2.Cluster.Transactions;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Model;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Crash;

/// <summary>A drawn script played once on devices that keep a history, with the state after every step.</summary>
internal sealed class RecordedScript
{
    /// <summary>The mark before and after steps of nodes that really run side by side.</summary>
    public const string SideBySide = "|";

    private readonly List<string> _states = [];
    private readonly ObjectHistory _objects = new();

    private RecordedScript(WriteHistory history, string label)
    {
        History = history;
        Label = label;
    }

    public WriteHistory History { get; }

    public string Label { get; }

    /// <summary>The number of the directory below which the script played.</summary>
    public ulong Root { get; private set; }

    /// <summary>The first event that a cut may come after: the directory is durable then.</summary>
    public int FirstCut { get; private set; }

    /// <summary>The states that may be found after a cut behind so many events: those from the last
    /// acknowledged sync to the step that was under way.</summary>
    public ReadOnlySpan<string> StatesAt(int position)
    {
        int synced = 0, done = 0;
        for (int i = 0; i < position; i++)
        {
            HistoryEvent past = History.Events[i];
            if (past.Kind != HistoryKind.Mark || past.Mark[0] is not ('s' or 'd')) continue;
            int state = int.Parse(past.Mark.AsSpan(1), CultureInfo.InvariantCulture);
            if (past.Mark[0] == 's') synced = state;
            done = Math.Max(done, state);
        }
        int last = Math.Min(done + 1, _states.Count - 1);
        return _states.ToArray().AsSpan(synced..(last + 1));
    }

    /// <summary>Compares what was found after a cut behind so many events with what fsync of single objects may
    /// leave.</summary>
    /// <returns>The breach; null when there is none.</returns>
    public string? Judge(int position, IReadOnlyDictionary<ulong, string> found)
    {
        int synced = 0, done = 0;
        var objects = new Dictionary<ulong, int>();
        for (int i = 0; i < position; i++)
        {
            HistoryEvent past = History.Events[i];
            if (past.Kind != HistoryKind.Mark || past.Mark[0] is not ('s' or 'd' or 'f')) continue;
            string[] parts = past.Mark[1..].Split(' ');
            int state = int.Parse(parts[0], CultureInfo.InvariantCulture);
            if (past.Mark[0] == 's') synced = state;
            if (past.Mark[0] == 'f') objects[ulong.Parse(parts[1], CultureInfo.InvariantCulture)] = state;
            done = Math.Max(done, state);
        }
        return _objects.Judge(found, done + 1, inum => Math.Max(synced, objects.GetValueOrDefault(inum)));
    }

    /// <summary>Plays sessions of steps and syncs.</summary>
    /// <param name="random">Draws the steps.</param>
    /// <param name="nodes">How many nodes.</param>
    /// <param name="lengthBytes">Of each device.</param>
    /// <param name="steps">How many steps.</param>
    /// <param name="syncsObjects">True to call fsync on single objects, too.</param>
    public static RecordedScript Play(
        SeededRandom random, int nodes, long lengthBytes, int steps, bool syncsObjects = false)
    {
        IBlockDevice[] before = [.. NewVolume.NodesInMemory(nodes, lengthBytes)];
        return Play(random, new WriteHistory(before), nodes == 1 ? NewVolume.Label : NewVolume.ClusterLabel, steps,
            syncsObjects: syncsObjects);
    }

    /// <summary>The same on devices that hold a filesystem already.</summary>
    /// <param name="random">Draws the steps.</param>
    /// <param name="history">Of the devices.</param>
    /// <param name="label">Which PFS the script plays on.</param>
    /// <param name="steps">How many.</param>
    /// <param name="between">What happens on the devices after each session, while they are not mounted.</param>
    /// <param name="syncsObjects">True to call fsync on single objects, too.</param>
    public static RecordedScript Play(
        SeededRandom random, WriteHistory history, string label, int steps, Action<IBlockDevice[]>? between = null,
        bool syncsObjects = false)
    {
        var script = new RecordedScript(history, label);
        var player = new ScriptPlayer(random, usesAttributes: random.OneIn(2));
        IBlockDevice[] devices = script.History.Open();
        int played = 0;
        while (played < steps)
        {
            using ClusterMount mount = Mount(devices, label);
            PfsWriteOptions options = Options(random.NextUInt64(), history);
            Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting(options));
            var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
            if (played == 0) script.Begin(ops, player);
            int session = 1 + random.Below(steps);
            while (session > 0 && played < steps)
            {
                int group = Math.Min(1 + random.Below(30), Math.Min(session, steps - played));
                for (int i = 0; i < group; i++)
                {
                    player.Play(ops, 1);
                    script.AddState(player.Model.Root);
                    script.Mark('d');
                    if (syncsObjects && random.OneIn(4)) script.SyncObject(ops, random);
                }
                played += group;
                session -= group;
                if (random.OneIn(5)) continue;
                if (random.OneIn(6))
                {
                    var how = new ReclaimOptions(Discards: random.OneIn(2));
                    Assert.Equal(Hammer2Error.None, mount.Pfs.Writer!.Reclaim(how, out _));
                }
                else Assert.Equal(Errno.None, ops.Sync());
                script.Mark('s');
            }
            player.ForgetAll(ops);
            Assert.Equal(Errno.None, ops.Sync());
            script.Mark('s');
            mount.Dispose();
            between?.Invoke(devices);
        }
        return script;
    }

    /// <summary>Opens devices, which stay open afterwards.</summary>
    public static ClusterMount Mount(
        IReadOnlyList<IBlockDevice> devices, string label, long cacheBytes = 16 << 20, ILoggerFactory? loggers = null)
    {
        VolumeSet[] sets = [.. devices.Select(device => VolumeSet.Open([new UnownedDevice(device)]))];
        var options = new ClusterMountOptions(new MediaSourceOptions(), cacheBytes);
        return OpenFilesystems.MountAlone(sets, label, options, loggers ?? NullLoggerFactory.Instance);
    }

    /// <summary>Nodes one after the other in a drawn order, so that a seed gives the same history.</summary>
    /// <param name="seed">Decides the order, ids and numbers.</param>
    /// <param name="history">Gets a mark where steps that may run side by side begin and end; null for none.</param>
    public static PfsWriteOptions Options(ulong seed, WriteHistory? history = null) => new()
    {
        Random = new SeededRandom(seed).NextUInt64,
        Runner = new DrawnOrder(new SeededRandom(seed), history),
    };

    private void Begin(VnodeOps ops, ScriptPlayer player)
    {
        Root = ModelMount.MakeRoom(ops, player, "model");
        Assert.Equal(Errno.None, ops.Sync());
        AddState(player.Model.Root);
        FirstCut = History.Events.Count;
        Mark('s');
    }

    private void AddState(ModelNode root)
    {
        _states.Add(TreeListing.Of(root));
        _objects.Record(root);
    }

    private void SyncObject(VnodeOps ops, SeededRandom random)
    {
        ulong[] inums = [.. _objects.Present];
        ulong inum = inums[random.Below(inums.Length)];
        Assert.Equal(Errno.None, ops.Commit(inum));
        History.Mark(string.Create(CultureInfo.InvariantCulture, $"f{_states.Count - 1} {inum}"));
    }

    private void Mark(char kind) =>
        History.Mark(string.Create(CultureInfo.InvariantCulture, $"{kind}{_states.Count - 1}"));

    private sealed class DrawnOrder(SeededRandom random, WriteHistory? history) : INodeRunner
    {
        public void RunAll(IReadOnlyList<NodeStep> steps)
        {
            history?.Mark(SideBySide);
            var left = new List<NodeStep>(steps);
            while (left.Count > 0)
            {
                int index = random.Below(left.Count);
                NodeStep step = left[index];
                left.RemoveAt(index);
                step.Run();
            }
            history?.Mark(SideBySide);
        }
    }
}
