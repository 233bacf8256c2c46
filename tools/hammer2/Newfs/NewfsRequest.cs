// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Security.Cryptography;
using Hammer2.Admin.Newfs;
using Hammer2.Cluster;
using Hammer2.Format;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Extract;
using Linux.Text;
using Microsoft.Extensions.Logging;

namespace Hammer2.Tool.Newfs;

/// <summary>The request on the command line of newfs.</summary>
internal sealed class NewfsRequest
{
    private const string NoLabel = "none";

    private readonly Invocation _invocation;
    private readonly NewfsIdentities _ids;
    private readonly string? _clusterLabel;
    private readonly string[] _labels;
    private readonly NewPfs _model;
    private readonly NewPfs? _joined;

    private NewfsRequest(Invocation invocation)
    {
        _invocation = invocation;
        _ids = new NewfsIdentities(Seed(invocation));
        _clusterLabel = invocation.Text(NewfsOptions.Cluster);
        _joined = JoinedOf(invocation, _ids);
        _labels = Labels(invocation, hasDefault: _clusterLabel is null && _joined is null);
        _model = Model(invocation);
        Time = TimeOf(invocation);
        Owner = OwnerOf(invocation);
        Sizes = SizeText.ParseList(NewfsOptions.Size, invocation.Text(NewfsOptions.Size));
        Nodes = NodesOf(invocation.Texts(NewfsOptions.Device), isCluster: _clusterLabel is not null);
        Populate = invocation.Text(NewfsOptions.Populate);
        PopulateLabel = _clusterLabel ?? (_labels.Length > 0 ? _labels[0] : null);
        if (Populate is not null && PopulateLabel is null)
            throw Usage($"{NewfsOptions.Populate.Name}: there is no PFS but {NewPfs.LocalLabel} to populate");
        if (_clusterLabel is not null && Nodes.Count > Media.NodesMax)
            throw Usage($"{Nodes.Count} nodes; a cluster has at most {Media.NodesMax}");
    }

    /// <summary>The paths of each filesystem to make: one, or one for each node of the cluster.</summary>
    public IReadOnlyList<string[]> Nodes { get; }

    /// <summary>The given sizes: none, one, or one for each volume.</summary>
    public IReadOnlyList<ulong> Sizes { get; }

    /// <summary>The directory to populate it from; null for none.</summary>
    public string? Populate { get; }

    /// <summary>The PFS to populate.</summary>
    public string? PopulateLabel { get; }

    /// <summary>All times, in microseconds.</summary>
    public ulong Time { get; }

    /// <summary>User and group of the root directories.</summary>
    public (uint User, uint Group) Owner { get; }

    /// <summary>True when the owner was given by the option.</summary>
    public bool HasOwner => _invocation.Has(NewfsOptions.Owner);

    /// <summary>True when existing content may be overwritten.</summary>
    public bool Forces => _invocation.Has(NewfsOptions.Force);

    /// <summary>Reads a command line.</summary>
    /// <exception cref="CommandException">The command line is malformed.</exception>
    public static NewfsRequest Read(Invocation invocation) => new(invocation);

    /// <summary>The parameters of a node's filesystem.</summary>
    public NewFilesystem Describe(int node)
    {
        var pfses = new List<NewPfs> { Pfs(node, NewPfs.LocalLabel) };
        if (_clusterLabel is { } shared)
        {
            pfses.Add(_model with
            {
                Label = shared,
                ClusterId = _ids.SharedClusterOf(shared),
                NodeId = _ids.NodeOf(node, shared),
                Masters = Nodes.Count,
            });
        }
        if (_joined is not null) pfses.Add(_joined);
        foreach (string label in _labels) pfses.Add(Pfs(node, label));
        return new NewFilesystem
        {
            Version = Version(),
            Pfses = pfses,
            FilesystemId = _ids.FilesystemOf(node),
            SuperClusterId = _ids.SuperClusterOf(node),
            SuperNodeId = _ids.SuperNodeOf(node),
            Time = Time,
            OwnerId = Owner.User,
            GroupId = Owner.Group,
            BootBytes = Area(NewfsOptions.BootSize),
            AuxBytes = Area(NewfsOptions.AuxSize),
            Sizes = Sizes,
        };
    }

    /// <summary>Receives messages about devices.</summary>
    public ILogger Logger => _invocation.Loggers.CreateLogger("Hammer2.Devices");

    /// <summary>Prints a warning.</summary>
    public void Warn(string message) => _invocation.Warn(message);

    private NewPfs Pfs(int node, string label) =>
        _model with { Label = label, ClusterId = _ids.ClusterOf(node, label), NodeId = _ids.NodeOf(node, label) };

    private int Version()
    {
        ulong version = _invocation.Number(NewfsOptions.FormatVersion) ?? 2;
        return version is 1 or 2
            ? (int)version
            : throw Usage($"{NewfsOptions.FormatVersion.Name} {version}: versions 1 and 2 are supported");
    }

    private ulong? Area(OptionRow option) =>
        _invocation.Text(option) is { } text ? SizeText.Parse(option, text) : null;

    private static NewPfs? JoinedOf(Invocation invocation, NewfsIdentities ids)
    {
        if (invocation.Text(NewfsOptions.Join) is not { } node) return null;
        foreach (OptionRow other in (OptionRow[])[NewfsOptions.Cluster, NewfsOptions.Populate])
            if (invocation.Has(other)) throw Usage($"{NewfsOptions.Join.Name} and {other.Name} exclude each other");
        return JoinedCluster.Read(node, ids.NodeOf(0, "joined"));
    }

    private static string[] Labels(Invocation invocation, bool hasDefault)
    {
        IReadOnlyList<string> given = invocation.Texts(NewfsOptions.Label);
        if (given.Count == 0) return hasDefault ? ["DATA"] : [];
        var labels = new List<string>();
        foreach (string label in given)
            if (!label.Equals(NoLabel, StringComparison.OrdinalIgnoreCase)) labels.Add(label);
        return [.. labels];
    }

    private static NewPfs Model(Invocation invocation)
    {
        string[] words = (invocation.Text(NewfsOptions.Compression) ?? "lz4").Split(':');
        var model = new NewPfs("", default, default)
        {
            Compression = words[0] switch
            {
                "none" => CompressionMethod.None,
                "autozero" => CompressionMethod.AutoZero,
                "lz4" => CompressionMethod.Lz4,
                "zlib" => CompressionMethod.Zlib,
                _ => throw Usage(
                    $"{NewfsOptions.Compression.Name} {words[0]}: must be none, autozero, lz4 or zlib[:LEVEL]"),
            },
            Check = invocation.Text(NewfsOptions.Check) switch
            {
                "none" => CheckMethod.None,
                "disabled" => CheckMethod.Disabled,
                "crc32" or "iscsi32" => CheckMethod.Iscsi32,
                "sha192" => CheckMethod.Sha192,
                _ => CheckMethod.XxHash64,
            },
        };
        if (words.Length == 1) return model;
        bool isLevel = ulong.TryParse(words[1], out ulong level) && level <= 9 && words.Length == 2;
        return isLevel && model.Compression == CompressionMethod.Zlib
            ? model with { CompressionLevel = (int)level }
            : throw Usage($"{NewfsOptions.Compression.Name}: only zlib has a level, 1 to 9");
    }

    private static Guid Seed(Invocation invocation)
    {
        if (invocation.Text(NewfsOptions.Uuid) is { } text)
            return Guid.TryParse(text, out Guid given) ? given : throw Usage($"{NewfsOptions.Uuid.Name} {text}: not a UUID");
        Span<byte> drawn = stackalloc byte[16];
        RandomNumberGenerator.Fill(drawn);
        return new Guid(drawn);
    }

    private static ulong TimeOf(Invocation invocation)
    {
        if (invocation.Number(NewfsOptions.Time) is { } seconds)
        {
            return seconds <= uint.MaxValue * 64UL
                ? seconds * 1_000_000
                : throw Usage($"{NewfsOptions.Time.Name} {seconds}: too far in the future");
        }
        return (ulong)((invocation.Terminal.Time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks
            / TimeSpan.TicksPerMicrosecond);
    }

    private static (uint User, uint Group) OwnerOf(Invocation invocation)
    {
        (uint user, uint group) = (LinuxFiles.geteuid(), LinuxFiles.getegid());
        if (invocation.Text(NewfsOptions.Owner) is not { } text) return (user, group);
        string[] parts = text.Split(':');
        bool isGood = parts.Length is 1 or 2 && IsId(parts[0], out user) && (parts.Length == 1 || IsId(parts[1], out group));
        return isGood
            ? (user, group)
            : throw Usage($"{NewfsOptions.Owner.Name} {text}: write the numbers that id(1) prints, USER or USER:GROUP");

        // For chown(2) the greatest number means "unchanged".
        static bool IsId(string part, out uint id) =>
            uint.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out id) && id != uint.MaxValue;
    }

    // As in upstream each argument is a device; or, as for mounting, several joined by colons. An existing path may
    // contain a colon.
    private static List<string[]> NodesOf(IReadOnlyList<string> words, bool isCluster)
    {
        var nodes = new List<string[]>();
        var volumes = new List<string>();
        foreach (string word in words)
        {
            string[] paths = PathsOf(word);
            if (paths.Length == 0) throw Usage($"'{word}' names no device");
            if (isCluster) nodes.Add(paths);
            else volumes.AddRange(paths);
        }
        if (!isCluster) nodes.Add([.. volumes]);
        return nodes;
    }

    private static string[] PathsOf(string word)
    {
        if (LinuxPath.Exists(word)) return [word];
        if (!word.Contains("://", StringComparison.Ordinal)) return word.Split(':', StringSplitOptions.RemoveEmptyEntries);
        MountSpec spec = MediaOptions.Parse(word);
        return spec.Label is null ? [.. spec.Paths] : throw Usage($"'{word}': a new filesystem has no label yet");
    }

    private static CommandException Usage(string message) => new(ExitCode.Usage, message);
}
