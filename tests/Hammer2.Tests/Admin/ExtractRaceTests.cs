// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Text;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Testing;
using Hammer2.Tool.Extract;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Hammer2.Tests.Admin;

/// <summary>A test that acts as another user; skipped when not run by root.</summary>
internal sealed class RootFactAttribute : FactAttribute
{
    public RootFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => Skip = Environment.UserName == "root" ? null : "acting as another user needs root";
}

/// <summary>
/// Goal: when root extracts into a directory of another user, that user gains no access to other objects, and nothing
/// changes outside the directory. Method: a hook before every system call on the target. Each run of the extraction is
/// attacked at one of these calls, on one name, by every kind of replacement, with the rights of the other user. Every
/// call and every name is attacked (every combination with HAMMER2_LONG=1).
/// </summary>
public sealed class ExtractRaceTests : IDisposable
{
    private static readonly string[] Names =
        ["file", "setid", "link", "fifo", "node", "hard1", "hard2", "sub", ".hammer2-extract", ".hammer2-extract1"];

    private static readonly string[] NamesBelow =
        ["sub/file", "sub/link", "sub/fifo", "sub/hard3", "sub/deep", "sub/deep/hard4"];

    private readonly ScratchDirectory _scratch = new();
    private readonly VolumeSet _volumes;
    private readonly ClusterMount _mount;
    private readonly VnodeOps _vnodes;

    public ExtractRaceTests()
    {
        if (Environment.UserName == "root") HostUser.MakeSource(_scratch.Below("tree"));
        else _ = Directory.CreateDirectory(_scratch.Below("tree"));
        string image = _scratch.Below("source.img");
        ToolRun made = ToolRun.Execute("newfs", "-s", "64m", "--populate", _scratch.Below("tree"), image);
        Assert.True(made.ExitCode == 0, made.ToString());
        var log = new LogCapture();
        var media = new MediaSourceOptions(TakesLock: false);
        _volumes = MediaSource.Open([image], media, log.CreateLogger("Hammer2.Devices"));
        _mount = OpenFilesystems.MountAlone([_volumes], "DATA", new ClusterMountOptions(media), log);
        _vnodes = new VnodeOps(_mount.Pfs, log.CreateLogger<VnodeOps>());
    }

    public void Dispose()
    {
        _mount.Dispose();
        _volumes.Dispose();
        _scratch.Dispose();
    }

    [RootFact]
    public void Replacing_a_name_at_any_moment_changes_nothing_outside() => AttackAllSteps(Names, isSecondRun: false);

    [RootFact]
    public void Replacing_a_name_changes_nothing_outside_when_an_earlier_run_changed_owners() =>
        AttackAllSteps([.. Names, .. NamesBelow], isSecondRun: true);

    [RootFact]
    public void Temporary_files_of_an_interrupted_run_are_removed_by_the_next()
    {
        using var place = new AttackedDirectory(_scratch.Below("interrupted"));
        Assert.Throws<InterruptedException>(() => Extract(place.Target, () =>
        {
            if (Directory.Exists(place.Below(".hammer2-extract"))
                && Directory.GetFileSystemEntries(place.Below(".hammer2-extract")).Length > 0)
                throw new InterruptedException();
        }));
        Assert.True(Directory.Exists(place.Below(".hammer2-extract")), "not interrupted where it should be");
        ExtractResult result = Extract(place.Target, null);
        Assert.Empty(result.Failed);
        Assert.False(Directory.Exists(place.Below(".hammer2-extract")));
    }

    [RootFact]
    public void A_directory_that_is_filled_again_is_inaccessible_to_its_owner_until_it_is_complete()
    {
        using var place = new AttackedDirectory(_scratch.Below("closed"));
        PrepareSecondRun(place);
        string last = place.Below("sub/deep/hard4");
        bool? couldAct = null;
        _ = Extract(place.Target, () =>
        {
            if (File.Exists(last)) couldAct ??= HostUser.ActAsOther(() => HostUser.Rename(last, last + "2") == 0);
        });
        Assert.False(couldAct);
        Assert.True(HostUser.ActAsOther(() => HostUser.Rename(last, last + "2") == 0));
    }

    private void AttackAllSteps(string[] names, bool isSecondRun)
    {
        int steps = CountSteps(isSecondRun), acted = 0, run = 0, pair = 0;
        Assert.InRange(steps, 50, 2000);
        // Each name is replaced at every fourth call, and the next name at the calls between.
        int stride = Environment.GetEnvironmentVariable("HAMMER2_LONG") is { Length: > 0 } ? 1 : 4;
        foreach (Replacement replacement in Enum.GetValues<Replacement>())
        {
            foreach (string name in names)
            {
                for (int step = pair++ % stride; step < steps; step += stride)
                {
                    using var place = new AttackedDirectory(_scratch.Below($"run{run++}"));
                    if (isSecondRun) PrepareSecondRun(place);
                    int now = 0;
                    bool hasActed = false;
                    _ = Extract(place.Target, () =>
                    {
                        if (now++ == step) hasActed = place.Replace(name, replacement);
                    });
                    if (hasActed) acted++;
                    List<string> breaches = place.Breaches();
                    Assert.True(breaches.Count == 0,
                        $"{replacement} of {name} before call {step}: {string.Join("; ", breaches)}");
                }
            }
        }
        // Objects in a directory that was restricted cannot be replaced.
        Assert.InRange(acted, steps * Names.Length / stride, run);
    }

    private int CountSteps(bool isSecondRun)
    {
        using var place = new AttackedDirectory(_scratch.Below("counted"));
        if (isSecondRun) PrepareSecondRun(place);
        int steps = 0;
        ExtractResult result = Extract(place.Target, () => steps++);
        Assert.Empty(result.Failed);
        Assert.Empty(result.Damaged);
        string[] tree = HostUser.List(_scratch.Below("tree")), made = HostUser.List(place.Target);
        Assert.Equal(tree, made.Where(line => !line.Contains(AttackedDirectory.OwnMark, StringComparison.Ordinal)));
        return steps;
    }

    /// <summary>A complete run, after which the other user owns all objects and has removed some.</summary>
    private void PrepareSecondRun(AttackedDirectory place)
    {
        Assert.Empty(Extract(place.Target, null).Failed);
        foreach (string name in (string[])["file", "link", "fifo", "hard2", "sub/file", "sub/link", "sub/deep/hard4"])
            File.Delete(place.Below(name));
    }

    private ExtractResult Extract(string target, Action? beforeCall)
    {
        Assert.Equal(Errno.None, _vnodes.GetAttributes(VnodeOps.RootInum, out VnodeAttributes root));
        Assert.Equal(0, TargetDirectory.Open(Encoding.UTF8.GetBytes(target), out TargetDirectory? top, beforeCall));
        using (top)
        {
            var extractor = new Extractor(_vnodes, top!, isRoot: true);
            extractor.ExtractInto(root, []);
            return extractor.Result;
        }
    }

    private sealed class InterruptedException : Exception;
}
