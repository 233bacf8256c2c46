// SPDX-License-Identifier: BSD-3-Clause

using System.IO;

namespace Hammer2.Benchmarks.Mount;

/// <summary><c>data</c>: makes the measured tree and, if asked, a squashfs image of it.</summary>
internal static class DataCommand
{
    private const string Usage = """
        usage: data DIR [--scale N] [--seed N] [--squashfs FILE]
          --scale N        size of the tree, 0.001 to 4; 1 is 2.3 GiB and 90,000 files (default 1)
          --seed N         draws other contents (default 1)
          --squashfs FILE  then packs it with mksquashfs -comp lz4 (128 KiB blocks)
        Pack the same tree into a HAMMER2 image with any tool that can; then run 'mount'.
        """;

    /// <summary>Runs the command; answers the exit code.</summary>
    internal static int Run(ReadOnlySpan<string> arguments, TextWriter output, TextWriter errors)
    {
        try
        {
            return CommandArguments.Run(
                arguments, ["scale", "seed", "squashfs"], Usage, errors, line => Make(line, output));
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            errors.WriteLine(problem.Message);
            return 1;
        }
    }

    private static int Make(CommandArguments line, TextWriter output)
    {
        if (line.Words is not [string directory]) throw new UsageException("name one directory");
        double scale = line.Number("scale", 1, 0.001, 4);
        int seed = (int)line.Number("seed", 1, 0, 1_000_000);
        new DataTree(Path.GetFullPath(directory), seed, scale).Write(output);
        if (line.Text("squashfs") is { } image) PackSquashfs(directory, image, output);
        return 0;
    }

    /// <summary>
    /// Packs a tree with the compression HAMMER2 uses too, so that both pay for the same codec.
    /// </summary>
    internal static void PackSquashfs(string directory, string image, TextWriter output)
    {
        output.WriteLine($"packing {image}");
        string command = $"mksquashfs {Shell.Quote(directory)} {Shell.Quote(image)} "
            + "-comp lz4 -noappend -no-progress -quiet";
        ShellResult result = Shell.Run(command, "/", TimeSpan.FromMinutes(30));
        if (result.ExitCode != 0) throw new IOException($"mksquashfs failed: {result.Errors}");
    }
}
