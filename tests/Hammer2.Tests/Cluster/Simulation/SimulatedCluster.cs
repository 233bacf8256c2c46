// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Hammer2.Cluster;
using Hammer2.Format;
using Hammer2.Testing;

namespace Hammer2.Tests.Cluster.Simulation;

/// <summary>
/// The nodes of a simulated cluster, and the faults that strike them at drawn calls of their devices. What no cluster
/// can survive is not drawn: of the masters never more are damaged, or lie, than may be absent, and what was
/// acknowledged stays on a quorum of others.
/// </summary>
internal sealed class SimulatedCluster
{
    private const long OneHeader = 256L << 20;
    private const long CallsMax = 1_000_000;
    private const int KindsTotal = 9;
    private const int DeadlineSeconds = 30;

    private readonly SimulatedNode[] _nodes;
    private readonly int _gapMax;
    private readonly int[] _weights;
    private long _calls;
    private long _next;

    /// <summary>The first seed whose scripts set extended attributes; those before stay as they were.</summary>
    public const ulong FirstWithAttributes = 200_001;

    /// <summary>True when scripts set extended attributes, too.</summary>
    public bool HasAttributes { get; }

    public SimulatedCluster(ulong seed)
    {
        Seed = seed;
        Random = new SeededRandom(seed);
        HasAttributes = seed >= FirstWithAttributes;
        Masters = Random.Pick<int>([1, 2, 2, 3, 3, 3, 3, 4, 5, 5, 6, 7, 8]);
        var nodes = new List<SimulatedNode>();
        long bytes = Random.OneIn(3) ? TestCluster.ManyHeaders : OneHeader;
        int spares = Math.Min(Media.NodesMax - Masters, Random.Below(3));
        for (int i = 0; i < Masters + spares; i++)
        {
            var disk = new SimulatedDisk(
                string.Create(CultureInfo.InvariantCulture, $"node{i}"), bytes, Random);
            nodes.Add(new SimulatedNode(i, disk));
            if (i < Masters) nodes[i].Format(seed, Masters > 1 ? Masters : 0);
            disk.BeforeCall = () => OnCall(disk);
        }
        _nodes = [.. nodes];
        Holders = [.. nodes.Take(Masters)];
        DrawLiars();
        _gapMax = Random.Pick<int>([40, 150, 500, 500, 2000]) * (1 + Masters);
        _weights = [.. Enumerable.Range(0, KindsTotal).Select(_ => Random.OneIn(3) ? 0 : 1 + Random.Below(8))];
    }

    public ulong Seed { get; }

    public SeededRandom Random { get; }

    /// <summary>The clock.</summary>
    public SimulatedTime Time { get; } = new();

    /// <summary>How many writes were executed after they had been given up.</summary>
    public int LateWrites { get; private set; }

    public IReadOnlyList<SimulatedNode> Nodes => _nodes;

    /// <summary>What happened, for the report of a failure.</summary>
    public List<string> Trace { get; } = [];

    /// <summary>The nodes that hold what was acknowledged last.</summary>
    public HashSet<SimulatedNode> Holders { get; private set; }

    /// <summary>Masters of the record that was seen last.</summary>
    public int Masters { get; private set; }

    public int Quorum => (Masters / 2) + 1;

    /// <summary>True while nothing strikes.</summary>
    public bool IsQuiet { get; set; } = true;

    /// <summary>True while no node may be damaged, since the quorum is about to change.</summary>
    public bool IsChanging { get; set; }

    /// <summary>True once power failed everywhere, or the daemon died: what is mounted is lost.</summary>
    public bool IsCut { get; private set; }

    /// <summary>True while there may be a later commit than the one that was acknowledged.</summary>
    public bool IsInDoubt { get; set; }

    /// <summary>True while a mount writes: resynchronizations commit, too.</summary>
    public bool IsWritten { get; set; }

    /// <summary>True once a node lost its vote while there was such a commit: then the others may not know whether it
    /// was acknowledged, and a user has to say so.</summary>
    public bool MayNeedUser { get; private set; }

    /// <summary>Calls of devices so far.</summary>
    public long Calls => _calls;

    /// <summary>The node of a device.</summary>
    public SimulatedNode NodeOf(PresentNode node) => Nodes.Single(one => one.Name == node.Name);

    public void Say(string what) => Trace.Add(string.Create(CultureInfo.InvariantCulture, $"{_calls}: {what}"));

    /// <summary>Takes note of what was acknowledged.</summary>
    public void Acknowledge(ClusterView view, int mastersTotal)
    {
        Holders = [.. view.Nodes.Where(node => node.IsSynced).Select(NodeOf)];
        IsInDoubt = false;
        Masters = view.Record?.Masters ?? mastersTotal;
        FindSeated(view);
    }

    /// <summary>Finds out which nodes in the place of lost ones are in the record.</summary>
    public void FindSeated(ClusterView view)
    {
        foreach (SimulatedNode node in Nodes)
        {
            if (view.Record?.RoleOf(node.Tag) is not null) (node.IsUnseated, node.IsStranger) = (false, false);
        }
    }

    /// <summary>True when the cluster survives that a node is damaged, or has lost what it holds.</summary>
    public bool MayDamage(SimulatedNode node)
    {
        if (node.IsTainted && !Holders.Contains(node)) return true;
        int tainted = Nodes.Count(one => one.IsTainted && one != node) + 1;
        int left = Holders.Count(holder => !holder.IsTainted && holder != node);
        return !IsChanging && tainted <= Masters - Quorum && left >= Quorum;
    }

    /// <summary>True when damaged nodes may still be fewer than a quorum with so many masters.</summary>
    public bool MayHave(int masters) => Nodes.Count(node => node.IsTainted) <= masters - ((masters / 2) + 1);

    /// <summary>Counts a node as damaged: nothing depends on it any more.</summary>
    public void Damage(SimulatedNode node)
    {
        node.IsDamaged = true;
        LoseVote(node);
    }

    /// <summary>Something happened after which the nodes may not be able to tell which commit counts.</summary>
    /// <param name="isCertain">False when that takes a commit that was under way.</param>
    public void MayBeUndecided(bool isCertain = false) => MayNeedUser |= isCertain || IsInDoubt || IsWritten;

    /// <summary>Replaces the device of a master by a blank one, for good.</summary>
    public void Replace(SimulatedNode node)
    {
        Say($"{node.Name} is replaced by a blank device");
        bool wasQuiet = IsQuiet;
        IsQuiet = true;
        node.FormatJoiner(Seed, Masters);
        IsQuiet = wasQuiet;
        node.IsUnseated = true;
        LoseVote(node);
    }

    /// <summary>Power fails on some nodes.</summary>
    public void FailPower(IEnumerable<SimulatedNode> nodes)
    {
        foreach (SimulatedNode node in nodes)
        {
            bool isHonest = node.Disk.HasLied && !MayDamage(node);
            if (node.Disk.HasLied && !isHonest)
            {
                Damage(node);
                node.HoldsOwn = false;
            }
            Say($"power fails on {node.Name}{(node.IsDamaged ? ", which is damaged" : "")}");
            node.Disk.FailPower(isHonest);
        }
    }

    /// <summary>Ends what is mounted: no call reaches a device any more.</summary>
    /// <param name="hasPower">True when only the daemon dies.</param>
    public void Cut(bool hasPower)
    {
        IsCut = true;
        if (!hasPower) FailPower(Nodes);
        else Say("the daemon is killed");
        foreach (SimulatedNode node in Nodes) node.Disk.IsDetached = true;
    }

    /// <summary>After what was mounted is gone: devices can be used again.</summary>
    public void EndCut()
    {
        foreach (SimulatedNode node in Nodes)
        {
            node.Disk.IsDetached = false;
            node.Disk.RestorePower();
            // The next mount waits for what this one gave up.
            if (node.Disk.HasLateWrites) node.Disk.Heal();
        }
        IsCut = false;
    }

    /// <summary>Ends all faults for good.</summary>
    public void HealAll()
    {
        IsQuiet = true;
        EndCut();
        foreach (SimulatedNode node in Nodes)
        {
            node.Disk.Heal();
            node.Disk.LiesAboutFlushes = false;
            node.IsFlaky = false;
        }
    }

    private void LoseVote(SimulatedNode node)
    {
        _ = Holders.Remove(node);
        MayBeUndecided();
    }

    private void DrawLiars()
    {
        int budget = Masters - Quorum;
        foreach (SimulatedNode node in Nodes.Take(budget))
        {
            node.Disk.LiesAboutFlushes = Random.OneIn(4);
            if (!node.Disk.LiesAboutFlushes) node.IsFlaky = Random.OneIn(4);
        }
    }

    private void OnCall(SimulatedDisk disk)
    {
        if (++_calls > CallsMax) throw new InvalidOperationException("it goes on for ever");
        Time.Pass(disk.DelaySeconds);
        ExecuteLate();
        if (IsQuiet || IsCut || _calls < _next) return;
        bool isFirst = _next == 0;
        _next = _calls + 1 + Random.Below(_gapMax);
        if (isFirst) return;
        Strike();
    }

    private void ExecuteLate()
    {
        foreach (SimulatedNode node in _nodes)
        {
            if (!node.Disk.HasLateWrites || IsCut || !Random.OneIn(10)) continue;
            Say($"{node.Name} executes a write that was given up");
            node.Disk.ExecuteLate();
            LateWrites++;
        }
    }

    private void Strike()
    {
        SimulatedNode node = Random.Pick<SimulatedNode>([.. Nodes]);
        switch (DrawKind())
        {
            case 0:
                Cut(hasPower: false);
                break;
            case 1:
                FailPower(Nodes.Where(_ => Random.OneIn(3)).ToArray());
                break;
            case 2:
                Say($"{node.Name} is gone");
                node.Disk.IsGone = true;
                break;
            case 3:
                node.Disk.FailingWrites = 1 + Random.Below(3);
                node.Disk.WriteError = Random.OneIn(3) ? Hammer2Error.NoSpace : Hammer2Error.Io;
                Say($"{node.Name} fails writes: {node.Disk.WriteError}");
                break;
            case 4:
                Say($"{node.Name} fails a flush");
                node.Disk.FailingFlushes = 1;
                break;
            case 5:
                Cut(hasPower: true);
                break;
            case 6 when Nodes.Any(one => one.IsFlaky):
                SimulatedNode flaky = Random.Pick<SimulatedNode>([.. Nodes.Where(one => one.IsFlaky)]);
                flaky.Disk.FailingReads = 1 + Random.Below(4);
                Say($"{flaky.Name} fails reads");
                break;
            case 7:
                Say($"{node.Name} hangs");
                Time.Pass(DeadlineSeconds);
                node.Disk.Hang(1 + Random.Below(4));
                break;
            case 8:
                node.Disk.DelaySeconds = 1 + Random.Below(20);
                Say($"{node.Name} is slow");
                break;
        }
    }

    private int DrawKind()
    {
        int sum = _weights.Sum();
        if (sum == 0) return -1;
        int pick = Random.Below(sum), kind = 0;
        while (pick >= _weights[kind]) pick -= _weights[kind++];
        return kind;
    }
}
