// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.CompilerServices;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.MountTests;

/// <summary>A test that runs shells, and is skipped where one is missing.</summary>
internal sealed class ShellsTheoryAttribute : TheoryAttribute
{
    public ShellsTheoryAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) =>
        Skip = CompletionTests.Shells.FirstOrDefault(shell => !File.Exists("/usr/bin/" + shell)) is { } missing
            ? $"{missing} is not installed" : null;
}

/// <summary>
/// Goal: the shells complete commands, options, values of options, mount options in a list, and labels of a volume.
/// Method: bash, zsh and fish load the scripts that the program prints, and are asked what they offer for a line.
/// </summary>
public sealed class CompletionTests : IDisposable
{
    internal static readonly string[] Shells = ["bash", "zsh", "fish"];

    // A line, and all that is offered for it; bash replaces only what follows the last @, : or =.
    private static readonly (string Line, string[] Offered)[] Lines =
    [
        ("hammer2 pfs-del", ["pfs-delete"]),
        ("hammer2 mou", ["mount", "mount.hammer2", "mountall"]),
        ("hammer2 newfs --check x", ["xxhash64"]),
        ("hammer2 scrub sta", ["start", "status"]),
        ("mkfs.hammer2 --chec", ["--check"]),
        ("hammer2 mount -o ro,noquo", ["ro,noquorum=readonly", "ro,noquorum=error", "ro,noquorum=stall"]),
        ("mount.hammer2 -o nosu", ["nosuid"]),
        ("hammer2 mount {image}@H", ["{image}@HOME", "{image}@HOME.monday"]),
        ("hammer2 ls -l {image}@DA", ["{image}@DATA"]),
        ("hammer2 pfs-delete {image} HO", ["HOME", "HOME.monday"]),
        ("hammer2 rollback {image} HOME HOME.m", ["HOME.monday"]),
        ("hammer2 ls /nonexistent@H", []),
    ];

    private readonly string _scratch = Directory.CreateTempSubdirectory("hammer2-completion-").FullName;

    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (string shell in Shells)
                foreach ((string line, _) in Lines) cases.Add(shell, line);
            return cases;
        }
    }

    public void Dispose() => Directory.Delete(_scratch, recursive: true);

    [ShellsTheory, MemberData(nameof(Cases))]
    public void A_shell_offers_what_the_line_can_go_on_with(string shell, string line)
    {
        string image = Path.Combine(_scratch, "image");
        if (line.Contains("{image}", StringComparison.Ordinal)) MakeVolume(image);
        ProgramResult script = HammerProgram.Run("completion", shell);
        Assert.Equal(0, script.ExitCode);
        string path = Path.Combine(_scratch, "_hammer2");
        File.WriteAllText(path, script.Output);
        // What the scripts ask is the program that is tested.
        _ = File.CreateSymbolicLink(Path.Combine(_scratch, "hammer2"), HammerProgram.ProgramPath);

        string[] options = shell switch { "bash" => ["--norc"], "zsh" => ["-f"], _ => ["--no-config"] };
        ProgramResult run = HammerProgram.RunAny("env", ["PATH=" + _scratch + ":/usr/bin:/bin", shell, .. options,
            RepositoryRoot.Below("tests", "Hammer2.MountTests", "Shells", "complete." + shell), path,
            line.Replace("{image}", image, StringComparison.Ordinal)]);
        Assert.True(run.Error.Length == 0, run.Error);
        Assert.Equal(Expected(shell, line, image).Order(StringComparer.Ordinal),
            run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Distinct().Order(StringComparer.Ordinal));
    }

    private static IEnumerable<string> Expected(string shell, string line, string image)
    {
        string[] offered = Lines.Single(one => one.Line == line).Offered;
        int kept = shell == "bash" ? line.Split(' ')[^1].LastIndexOf('@') + 1 : 0;
        return offered.Select(one => one[kept..].Replace("{image}", image, StringComparison.Ordinal));
    }

    private static void MakeVolume(string image)
    {
        ProgramResult made = HammerProgram.Run("newfs", "-s", "64m", "-L", "HOME", "-L", "DATA", image);
        Assert.True(made.ExitCode == 0, made.Error);
        ProgramResult snapshot = HammerProgram.Run("snapshot", image + "@HOME", "HOME.monday");
        Assert.True(snapshot.ExitCode == 0, snapshot.Error);
    }
}
