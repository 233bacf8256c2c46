// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using System.Linq;
using Hammer2.Fuzz.Seeds;
using SharpFuzz;

namespace Hammer2.Fuzz;

/// <summary>
/// The program that afl-fuzz runs, one target at a time, and that prepares the assemblies for it.
/// <c>eng/fuzz</c> is the script that calls it.
/// </summary>
internal static class Program
{
    private const string Usage = """
        usage: Hammer2.Fuzz list                    the targets, a line each
               Hammer2.Fuzz seeds FOLDER            writes the first inputs of each target below FOLDER
               Hammer2.Fuzz instrument FOLDER       makes the assemblies of the product in FOLDER count edges, in place
               Hammer2.Fuzz run TARGET                below afl-fuzz: inputs from it; else one from standard input
               Hammer2.Fuzz replay TARGET FILE...     gives each file to the target; the first finding ends the program
        """;

    private static int Main(string[] words)
    {
        switch (words)
        {
            case ["list"]:
                foreach (FuzzTarget target in FuzzTarget.All) Console.WriteLine($"{target.Name,-16} {target.Meaning}");
                return 0;
            case ["seeds", string folder]:
                CorpusSeeds.Write(folder);
                return 0;
            case ["instrument", string folder]:
                Instrument(folder);
                return 0;
            case ["run", string name] when FuzzTarget.ByName(name) is { } target:
                Serve(target);
                return 0;
            case ["replay", string name, .. string[] files] when FuzzTarget.ByName(name) is { } target:
                foreach (string file in files)
                {
                    Console.WriteLine(file);
                    target.Run(File.ReadAllBytes(file));
                }
                return 0;
            default:
                Console.Error.WriteLine(Usage);
                return 2;
        }
    }

    // The targets run in a child process, so that a crash or a hang affects one input and not the fuzzer.
    private static void Serve(FuzzTarget target)
    {
        byte[] input = new byte[FuzzTarget.InputBytesMax];
        Fuzzer.OutOfProcess.Run(stream => target.Run(input.AsSpan(0, stream.ReadAtLeast(input, input.Length, false))));
    }

    // Third-party assemblies are not instrumented: they are not under test, and would add irrelevant edges.
    private static void Instrument(string folder)
    {
        foreach (string path in Directory.EnumerateFiles(folder, "*.dll").Order(StringComparer.Ordinal))
        {
            string name = Path.GetFileNameWithoutExtension(path);
            bool isProduct = name is "hammer2" or "Fuse.Protocol"
                || (name.StartsWith("Hammer2.", StringComparison.Ordinal)
                    && name is not ("Hammer2.Fuzz" or "Hammer2.Testing"));
            if (!isProduct) continue;
            int types = Fuzzer.Instrument(path, _ => true, Options.Value).Count();
            Console.WriteLine($"{name}: {types} types");
        }
    }
}
